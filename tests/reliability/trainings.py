"""`python -m stages.train` on toy data, in a process of its own that can be killed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open

from recurrent import files
from recurrent import config as checking
from tests.project import ROOT, Project
from tests.training.toy import write_names, write_text

EXPERIMENTS = ("names_rnn", "nietzsche_lstm", "lyrics_restore_both")  # of each task one
EPOCHS = 40
RESULTS = ("data/models", "metrics/history", "metrics/gradients", "metrics/health")


def prepared(folder: Path) -> Project:
    """A project whose three experiments train in seconds: toy data, small networks."""
    folder.mkdir(parents=True, exist_ok=True)
    project = Project.copied_to(folder)
    shutil.copy(ROOT / "dvc.yaml", folder / "dvc.yaml")
    write_names(folder / "data/encoded/names_lecture")
    write_text(folder / "data/encoded/nietzsche_stream")
    write_text(folder / "data/encoded/lyrics_windows", order="shuffled")
    changes: dict[str, object] = {"runtime": {"device": "cpu", "threads": 1, "tracking": False}}
    for name in EXPERIMENTS:
        place = f"experiments.{name}"
        changes |= {f"{place}.seeds": [0, 1], f"{place}.training.gradient_norms": 3}
        changes |= {f"{place}.training.epochs": EPOCHS // 2, f"{place}.training.batch": 4}
    changes["experiments.nietzsche_lstm.samples"] = {"prefixes": ["ab"], "length": 4, "every": 3}
    changes["experiments.nietzsche_lstm.model.settings"] = {
        "cell": "lstm", "embedding": 4, "hidden": 8, "dropout": 0.2,
    }  # fmt: skip
    changes["experiments.lyrics_restore_both.model.settings.hidden"] = 8
    project.edit(changes)
    return project


def start(
    folder: Path, *command: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """`python -m …` in a project folder, with this repository's code."""
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def start_as_dvc_does(folder: Path, experiment: str, shell: str) -> subprocess.Popen[str]:
    """The train stage's `cmd`, in a shell, below a process that waits for it and can be killed."""
    stages = checking.read_yaml(folder / "dvc.yaml")["stages"]
    command = stages["train"]["do"]["cmd"].replace("${key}", experiment)
    waiting = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"PATH": path, "PYTHONPATH": str(ROOT), "DVC_STAGE": f"train@{experiment}"}
    return subprocess.Popen(
        [sys.executable, "-c", waiting, shell, "-c", command],
        cwd=folder,
        env={**os.environ, **ours},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(folder: Path, *command: str, environment: Mapping[str, str] | None = None) -> str:
    """The same to its end; what it said."""
    process = start(folder, *command, environment=environment)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said


def results(folder: Path) -> dict[str, bytes]:
    """Every byte that a training leaves; files by name, without the lock of whoever trains."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for place in RESULTS
        for path in sorted((folder / place).rglob("*"))
        if path.is_file()
    }


def results_of(experiment: str, folder: Path) -> dict[str, bytes]:
    """The same of one experiment among others."""
    return {name: found for name, found in results(folder).items() if experiment in name}


def checkpoints(folder: Path, experiment: str) -> list[Path]:
    """The checkpoints of a training in progress, seed by seed."""
    return sorted((folder / ".checkpoints" / experiment).glob("seed-*.safetensors"))


def epochs_done(folder: Path, experiment: str) -> int:
    """Finished epochs that a kill cannot take: all seeds' together."""
    done = 0
    for path in checkpoints(folder, experiment):
        try:
            with safe_open(path, framework="np") as file:
                done += files.json.loads(file.metadata()["standing"])["epoch"]
        except (SafetensorError, FileNotFoundError):  # the training has just ended
            return EPOCHS
    return done
