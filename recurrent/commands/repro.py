"""Rebuild what changed: fill the run store, run DVC, publish to MLflow, show the result."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from recurrent import config
from recurrent.commands import prune, publish, summary
from recurrent.config import Config
from recurrent.errors import PipelineError
from recurrent.locking import locked
from recurrent.training import parallel
from recurrent.training.fingerprint import plan
from recurrent.training.store import RunStore

LOCK = Path(".dvc/tmp/repro.lock")  # DVC's own locks guard one stage at a time


def main(jobs: int | None = None, show: bool = True, beyond: bool = False) -> None:
    """Reproduce the lectures' pipeline, and the one beyond them if asked."""
    with locked("recurrent repro", LOCK):
        prune.outputs()
        pipelines = [config.load("lectures"), *([config.load("beyond")] if beyond else [])]
        fill_store(pipelines, jobs)
        if code := subprocess.run(["dvc", "repro", *(["-P"] if beyond else [])]).returncode:
            sys.exit(code)  # DVC has reported what stopped it
        publish.after_repro()
        if show:
            summary.main()


def fill_store(pipelines: Sequence[Config], jobs: int | None) -> None:
    """Train the runs that the store lacks; those on a network's vectors wait for `embed`."""
    settings = pipelines[0]
    workers = jobs or parallel.default_jobs(settings.runtime)
    store = RunStore()
    dvc("encode")
    for embedded in (False, True):
        if embedded and not settings.embedded:
            break
        if embedded:
            dvc("embed")
        runs = [
            run
            for pipeline in pipelines
            for name, experiment in pipeline.experiments.items()
            if (experiment.dataset in settings.embedded) == embedded
            for run in plan(pipeline, name)
        ]
        parallel.fill(runs, settings.runtime, workers, store)


def dvc(stage: str) -> None:
    """Reproduce a group of stages and what they depend on."""
    command = ["dvc", "repro", "--quiet", stage]
    if code := subprocess.run(command, check=False).returncode:
        raise PipelineError(
            f"`{' '.join(command)}` failed (status {code}); the reason is above.",
            where=stage,
            remedy="Fix it and run this again: finished stages and runs are kept.",
        )
