"""Trainings side by side: `dvc repro` alone runs one stage after the other. Not a stage.

DVC gives its lock back while a stage's command runs, so several `dvc repro`, of one training
each, share a workspace, and leave the data and metrics that one after the other would leave.
"""

import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock

from recurrent import console as cli
from recurrent import files, paths
from recurrent.config import Params, Runtime
from recurrent.errors import PipelineError
from recurrent.experiments import Experiment
from recurrent.training.fingerprint import fingerprint

SHARE = Path("/sys/fs/cgroup/cpu.max")  # microseconds in a period, or max
MOST = 8  # of more, the last wait for what DVC does of each in turn
DVC = ("dvc", "--wait-for-lock", "repro")


def processors() -> int:
    """Those that this process may use, and a container's share of them."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = SHARE.read_text(encoding="ascii").split()
        return max(1, min(here, int(quota) // int(period)))
    except (OSError, ValueError):  # not Linux, no container, or "max": all of them
        return here


def room(runtime: Runtime) -> int:
    """How many trainings have the processors that `runtime.threads` gives each of them."""
    return max(1, min(MOST, processors() // runtime.threads))


def on_cuda(runtime: Runtime) -> bool:
    """Whether trainings would share one GPU, whose memory nobody has counted."""
    if runtime.device == "cpu":
        return False
    import torch

    return torch.cuda.is_available()


def train(settings: Params, jobs: int | None) -> None:
    """Train what is not up to date, side by side; where there is no room it is left to DVC."""
    lanes = jobs or room(settings.runtime)
    if lanes == 1:
        return
    dvc("encode")
    on_data, on_vectors = settings.datasets, settings.embedded
    if not stale(settings.experiments, {**on_data, **on_vectors}):
        return
    if jobs is None and on_cuda(settings.runtime):
        return
    abreast(stale(settings.experiments, on_data), lanes)
    if on_vectors:
        dvc("embed")
        abreast(stale(settings.experiments, on_vectors), lanes)


def stale(experiments: Mapping[str, Experiment], datasets: Mapping[str, object]) -> list[str]:
    """Experiments on these datasets whose training is not what a new one would be.

    What this overlooks, as a command that changed, `dvc repro` finds afterwards.
    """
    return [
        name
        for name, experiment in experiments.items()
        if experiment.dataset in datasets and trained_as(name) != fingerprint(name, experiment)
    ]


def trained_as(name: str) -> str | None:
    """The fingerprint of the training whose model lies here."""
    spec = paths.model(name) / "spec.json"
    try:
        return str(files.read_json(spec)["fingerprint"]) if spec.exists() else None
    except (PipelineError, LookupError, TypeError):  # damaged: to be trained anew
        return None


def abreast(names: list[str], lanes: int) -> None:
    """Train these, so many at a time; after a failure none begins, and those that run end."""
    failure, counting, done = Event(), Lock(), 0

    def train_one(name: str) -> None:
        nonlocal done
        if failure.is_set():
            return
        try:
            dvc("--single-item", f"train@{name}")
        except BaseException:
            failure.set()
            cli.note(f"training {name} failed: no other begins, and those that run end first")
            raise
        with counting:
            done += 1
            cli.note(f"trained {name}: {done} of {len(names)}, {lanes} side by side")

    with ThreadPoolExecutor(lanes) as pool:
        trainings = [pool.submit(train_one, name) for name in names]
        try:
            for training in trainings:
                training.result()
        except BaseException:  # Ctrl-C reaches the trainings by itself
            failure.set()
            raise


def dvc(*arguments: str) -> None:
    """One `dvc repro`; what it and its stages complain of or report is passed on line by line."""
    command = [*DVC, *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,  # what DVC does: of several at once nobody could follow it
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stderr or ():
            cli.note(line.rstrip("\n"))
    if process.returncode:
        raise PipelineError(
            f"`{' '.join(command)}` failed (status {process.returncode}); why stands above.",
            where=arguments[-1],
            remedy="Mend that and run it again: finished stages and epochs are kept. Where memory "
            "is short, JOBS=1 trains one after the other.",
        )
