"""Trainings side by side: `dvc repro` alone runs one stage after the other. Not a stage.

DVC gives its lock back while a stage's command runs, so several `dvc repro`, of one training
each, share a workspace, and record what one after the other would have recorded.
"""

import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import joblib

from stages.common import cli, files, paths
from stages.common.experiments import Experiment
from stages.common.params import Params
from stages.training.fingerprint import fingerprint

MOST = 8  # of more, the last wait for what DVC does of each in turn
DVC = ("dvc", "--wait-for-lock", "repro", "--quiet")


def default(settings: Params) -> int:
    """How many trainings have the processors that `runtime.threads` gives each of them."""
    return max(1, min(MOST, processors() // settings.runtime.threads))


def processors() -> int:
    """Those that this process may use, in a container as well."""
    return int(joblib.cpu_count())


def train(settings: Params, lanes: int) -> None:
    """Bring the data up to date, then every training that is not."""
    for stage, datasets in (("encode", settings.datasets), ("embed", settings.embedded)):
        if datasets:
            dvc(stage)
            abreast(stale(settings.experiments, datasets), lanes)


def stale(experiments: Mapping[str, Experiment], datasets: Mapping[str, object]) -> list[str]:
    """Experiments on these datasets whose training is not what a new one would be."""
    return [
        name
        for name, experiment in experiments.items()
        if experiment.dataset in datasets and trained_as(name) != fingerprint(name, experiment)
    ]


def trained_as(name: str) -> str | None:
    """The fingerprint of the training whose model lies here."""
    spec = paths.model(name) / "spec.json"
    return str(files.read_json(spec)["fingerprint"]) if spec.exists() else None


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
    """One `dvc repro`, its lines passed on: on a terminal, bars of several would overwrite."""
    command = [*DVC, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            cli.note(line.rstrip("\n"))
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
