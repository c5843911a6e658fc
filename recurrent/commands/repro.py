"""Rebuild what changed: fill the run store, run DVC, publish to MLflow, show the result."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from recurrent.commands import prune, publish, summary
from recurrent.commands.lookup import refuse_unknown_lectures
from recurrent.common import config
from recurrent.common.config import Config
from recurrent.common.errors import PipelineError
from recurrent.common.locking import REPRO, locked
from recurrent.training import parallel
from recurrent.training.fingerprint import plan
from recurrent.training.store import RunStore


def main(
    jobs: int | None = None,
    show: bool = True,
    beyond: bool = False,
    experiments: Sequence[str] = (),
) -> None:
    """Reproduce the lectures' pipeline, both pipelines, or only some experiments."""
    # Stages run `python`: the one that runs this command, with or without its environment active.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with locked("recurrent repro", REPRO):
        prune.outputs()
        both = beyond or bool(experiments)
        pipelines = [config.load("lectures"), *([config.load("beyond")] if both else [])]
        known = {key: pipeline for pipeline in pipelines for key in pipeline.experiments}
        for name in experiments:
            config.choose(known, name, "experiment")
        refuse_unknown_lectures(pipelines)
        fill_store(pipelines, jobs, experiments)
        stages = [
            stage_of(name, pipeline)
            for pipeline in pipelines
            for name in experiments
            if name in pipeline.experiments
        ]
        command = ["dvc", "repro", *(stages or ["-P"] * beyond)]
        if code := subprocess.run(command, check=False).returncode:
            sys.exit(code)  # DVC has reported what stopped it
        if experiments:
            return
        publish.after_repro()
        if show:
            summary.main()


def fill_store(pipelines: Sequence[Config], jobs: int | None, experiments: Sequence[str]) -> None:
    """Train the runs that the store lacks. Runs on a network's vectors wait for `embed`."""
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
            if bool({experiment.dataset, experiment.also} & settings.embedded.keys()) == on_vectors
        }
        if on_vectors and chosen:
            dvc("embed")
        changed = changed_experiments(chosen)
        runs = [run for name in chosen if name in changed for run in plan(chosen[name], name)]
        parallel.fill(runs, settings.runtime, workers, store)


def changed_experiments(pipelines: Mapping[str, Config]) -> set[str]:
    """Return the experiments whose train stage DVC would run: only these collect runs."""
    if not pipelines:
        return set()
    stages = [stage_of(name, pipeline) for name, pipeline in pipelines.items()]
    done = subprocess.run(
        ["dvc", "status", "--json", *stages], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PipelineError(
            done.stderr.strip(), where="dvc status", remedy="Fix it and run this again."
        )
    return {stage.partition("train@")[2] for stage in json.loads(done.stdout) if "train@" in stage}


def stage_of(experiment: str, pipeline: Config) -> str:
    """Return the DVC stage that trains an experiment."""
    folder = "beyond/dvc.yaml:" if pipeline.pipeline == "beyond" else ""
    return f"{folder}train@{experiment}"


def dvc(stage: str) -> None:
    """Reproduce a group of stages and what they depend on."""
    command = ["dvc", "repro", stage]
    if code := subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        raise PipelineError(
            f"`{' '.join(command)}` failed (status {code}); the reason is above.",
            where=stage,
            remedy="Fix it and run this again: finished stages and runs are kept.",
        )
