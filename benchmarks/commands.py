"""Run commands to measure them, without this machine's own MLflow settings."""

import os
import subprocess
import sys
from pathlib import Path

from recurrent.common.errors import PipelineError


def run(command: list[str], folder: Path, remedy: str = "") -> None:
    """Run a command that must succeed."""
    done = subprocess.run(
        command, cwd=folder, env=make_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PipelineError(
            f"failed: {done.stderr.strip() or done.stdout.strip()}",
            where=" ".join(command),
            remedy=remedy,
        )


def make_environment() -> dict[str, str]:
    """Return this environment with this Python first, and without another MLflow store."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return {**kept, "PATH": path}
