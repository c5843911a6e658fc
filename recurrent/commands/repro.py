"""`make repro`: rebuild what changed, tell MLflow, show the result. Not a stage: it runs them."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from recurrent import config as params
from recurrent import console as cli
from recurrent.commands import lanes, prune, publish, summary
from recurrent.locking import alone

LOCK = Path(".dvc/tmp/repro.lock")  # DVC's own locks guard one stage at a time


def main(
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Trainings side by side; by itself, processors / runtime.threads"),
    ] = None,
    show: Annotated[
        bool, typer.Option("--summary/--no-summary", help="The result at the end.")
    ] = True,
) -> None:
    """Run `dvc repro` and what belongs before and after it."""
    with alone("make repro", LOCK):
        prune.main()
        lanes.train(params.load(), jobs)
        if code := subprocess.run(["dvc", "repro"], check=False).returncode:
            sys.exit(code)  # DVC has said what stopped it
        publish.main(after_repro=True)
        if show:
            summary.main()


if __name__ == "__main__":
    cli.run(main)
