"""The task of a Dask worker: train one run, and return its files."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from recurrent.cluster.bundle import FileBundle
from recurrent.cluster.checkout import describe, differences
from recurrent.cluster.trainer import Trainers
from recurrent.common import paths
from recurrent.common.errors import PipelineError
from recurrent.training.fingerprint import ROOT, data_digest, fingerprints
from recurrent.training.job import Training
from recurrent.training.store import FILES, FOLDER, HISTORY, RunStore, cache_folder

if TYPE_CHECKING:
    from distributed import Worker

DATA = Path(".dvc/tmp/cluster")  # datasets from the coordinator, by hash
trainers = Trainers()


@dataclass(frozen=True)
class Refused:
    """The worker may not train the run."""

    worker: str
    why: str


@dataclass(frozen=True)
class MissingDataset:
    """The worker does not have the dataset of the run."""

    worker: str


@dataclass(frozen=True)
class Failed:
    """The run failed in a way that the user can fix."""

    error: PipelineError


@dataclass(frozen=True)
class Done:
    """The work is done."""

    value: Any  # what it returned
    about: dict[str, Any] | None  # as in the run store; None if the run is unfinished
    files: FileBundle  # all files of a finished run; of another one, its history


Answer = Refused | MissingDataset | Failed | Done


def train(
    training: Training,
    expected: Mapping[str, str],
    digest: str,
    sent: FileBundle | None,
    topic: str,
) -> Answer:
    """Train a run in this checkout's run store, from its checkpoint if it has one.

    `expected` describes the coordinator's checkout, `digest` is that of the dataset, `sent` has its
    files if this worker needs them, and progress goes to the subscribers of `topic`.
    """
    from distributed import get_worker

    worker = get_worker()
    run = training.run
    if why := differences(describe(training.runtime), expected):
        return Refused(worker.address, why)
    if fingerprints(run.variant, training.runtime, digest)[run.seed] != run.fingerprint:
        return Refused(worker.address, f"computes another fingerprint of {run}")
    project = find_project(run.variant.dataset, digest, sent)
    if project is None:
        return MissingDataset(worker.address)
    store = RunStore(cache_folder(ROOT).resolve() / FOLDER)
    progress = Progress(worker, topic, store, run.fingerprint)
    try:
        with trainers.lend() as trainer:
            value = trainer.train(replace(training, store=store.folder), project, progress.report)
    except PipelineError as error:
        return Failed(error)
    about = store.about(run.fingerprint)
    place = store.place(run.fingerprint)
    names = [name for name in (HISTORY,) if (place / name).exists()] if about is None else FILES
    return Done(value, about, FileBundle.pack(place, names))


def find_project(dataset: str, digest: str, sent: FileBundle | None) -> Path | None:
    """Return the project folder of a dataset: this checkout, or one for a received dataset."""
    own = ROOT / paths.encoded(dataset)
    if own.is_dir() and data_digest(own) == digest:
        return ROOT
    project = (ROOT / DATA).resolve() / digest[:16]
    there = project / paths.encoded(dataset)
    there.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(project / "lock"):  # several workers may share this checkout
        if there.is_dir() and data_digest(there) == digest:
            return project
        if sent is None:
            return None
        shutil.rmtree(there, ignore_errors=True)
        sent.unpack(there)
        if data_digest(there) != digest:
            raise RuntimeError(f"{there} is not the dataset that was sent")
    return project


class Progress:
    """The epochs that a run has finished, for the coordinator."""

    def __init__(self, worker: "Worker", topic: str, store: RunStore, fingerprint: str) -> None:
        self._worker, self._topic, self._fingerprint = worker, topic, fingerprint
        self._history = store.place(fingerprint) / HISTORY
        self._key = worker.get_current_task()
        self._sent = 0

    def report(self) -> bool:
        """Send a new number of epochs; return whether the run is still wanted here."""
        try:
            epochs = max(0, self._history.read_bytes().count(b"\n") - 1)  # without the header
        except OSError:
            epochs = 0
        if epochs != self._sent:
            self._worker.log_event(self._topic, {"run": self._fingerprint, "epochs": epochs})
            self._sent = epochs
        return self._is_wanted()

    def _is_wanted(self) -> bool:
        from distributed.core import Status

        if self._worker.status in (Status.closing, Status.closed, Status.failed):
            return False
        task = self._worker.state.tasks.get(self._key)
        return task is not None and task.state != "cancelled"
