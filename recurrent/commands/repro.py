"""Rebuild what changed: fill the run store, run DVC, publish to MLflow, show the result."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from recurrent.cluster.coordinator import connect
from recurrent.commands import jobs, prune, publish
from recurrent.commands.lookup import refuse_unknown_lectures
from recurrent.common import config, paths
from recurrent.common.config import Config
from recurrent.common.console import note
from recurrent.common.locking import REPRO, locked
from recurrent.training import parallel
from recurrent.training.store import RunStore


def main(
    workers: int | None = None,
    show: bool = True,
    beyond: bool = False,
    experiments: Sequence[str] = (),
    cluster: str | None = None,
) -> None:
    """Reproduce the lectures' pipeline, both pipelines, or only some experiments."""
    use_this_python()
    with locked("recurrent repro", REPRO):
        prune.prune_outputs()
        both = beyond or bool(experiments)
        pipelines = [config.load("lectures"), *([config.load("beyond")] if both else [])]
        known = {key: pipeline for pipeline in pipelines for key in pipeline.experiments}
        for name in experiments:
            config.choose(known, name, "experiment")
        refuse_unknown_lectures(pipelines)
        fill_store(pipelines, workers, experiments, cluster)
        stages = [jobs.stage_of("evaluate", name, known[name]) for name in experiments]
        command = ["dvc", "repro", *(stages or ["-P"] * beyond)]
        if code := subprocess.run(command, check=False).returncode:
            sys.exit(code)  # DVC has reported what stopped it
        if not experiments:
            publish.after_repro()
        if show:
            from recurrent.commands import summary  # imports matplotlib; workers import this module

            if experiments:
                summary.show_scores({name: known[name] for name in experiments})
            else:
                summary.main()


def use_this_python() -> None:
    """Let stages, which run `python`, use the one that runs this command."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def fill_store(
    pipelines: Sequence[Config],
    workers: int | None,
    chosen: Sequence[str],
    cluster: str | None = None,
) -> None:
    """Train and evaluate what DVC's stages would compute and the run store lacks."""
    runtime = pipelines[0].runtime
    here = parallel.default_workers(runtime)
    wanted = {
        name: pipeline
        for pipeline in pipelines
        for name in pipeline.experiments
        if not chosen or name in chosen
    }
    try:
        with connect(cluster, runtime, workers) as away:
            parallel.run_jobs(
                jobs.plan_jobs(wanted, RunStore()),
                here if away else workers or here,
                jobs.load_durations(),
                paths.JOBS_LOG,
                away,
            )
    except KeyboardInterrupt:
        note("stopped. Finished work is kept: the same command continues")
        raise
