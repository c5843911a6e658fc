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


def main(
    jobs: int | None = None,
    show: bool = True,
    beyond: bool = False,
    experiments: Sequence[str] = (),
) -> None:
    """Reproduce the lectures' pipeline, the one beyond them as well, or some experiments alone."""
    with locked("recurrent repro", LOCK):
        prune.outputs()
        pipelines = [config.load("lectures"), *([config.load("beyond")] if beyond else [])]
        for name in experiments:
            known = {key: 0 for pipeline in pipelines for key in pipeline.experiments}
            config.choose(known, name, "experiment")
        fill_store(pipelines, jobs, experiments)
        stages = [
            f"beyond/dvc.yaml:train@{name}" if name not in pipelines[0].experiments
            else f"train@{name}"
            for name in experiments
        ]  # fmt: skip
        command = ["dvc", "repro", *(stages or ["-P"] * beyond)]
        if code := subprocess.run(command, check=False).returncode:
            sys.exit(code)  # DVC has reported what stopped it
        if experiments:
            return
        publish.after_repro()
        if show:
            summary.main()


def fill_store(pipelines: Sequence[Config], jobs: int | None, experiments: Sequence[str]) -> None:
    """Train the runs that the store lacks; those on a network's vectors wait for `embed`."""
    settings = pipelines[0]
    wanted = {
        name: (pipeline, experiment)
        for pipeline in pipelines
        for name, experiment in pipeline.experiments.items()
        if not experiments or name in experiments
    }
    workers = jobs or parallel.default_jobs(settings.runtime)
    store = RunStore()
    dvc("encode")
    for on_vectors in (False, True):
        chosen = {
            name: pipeline
            for name, (pipeline, experiment) in wanted.items()
            if (experiment.dataset in settings.embedded) == on_vectors
        }
        if on_vectors and chosen:
            dvc("embed")
        runs = [run for name, pipeline in chosen.items() for run in plan(pipeline, name)]
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
