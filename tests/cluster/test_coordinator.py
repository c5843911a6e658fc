"""Runs on a Dask cluster in this process: returned files, sent datasets, refused workers."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from recurrent.cluster import coordinator, task
from recurrent.cluster.bundle import FileBundle
from recurrent.cluster.coordinator import connect
from recurrent.commands import jobs
from recurrent.common import config, paths
from recurrent.common.errors import PipelineError
from recurrent.training import parallel
from recurrent.training.fingerprint import Run, data_digest, plan
from recurrent.training.job import Training
from recurrent.training.store import FILES, HISTORY, RunStore
from tests.cluster.work import Half
from tests.project import ROOT
from tests.training.small import edit, write_project
from tests.training.toy import PLAIN

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a scheduler with one worker, all in this process."""
    options = {"processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **options) as cluster:
        yield cluster.scheduler_address


class Trainer:
    """Trains in this process, on the coordinator's data."""

    alive = True

    def train(self, training: Training, project: Path, wanted: Callable[[], bool]) -> Any:
        assert wanted()
        value = training()
        wanted()  # sends the history
        return value


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker's checkout; the current folder is the coordinator's, `project` next to it."""
    checkout, project = tmp_path / "worker", tmp_path / "project"
    for folder in (checkout, project):
        folder.mkdir()
    write_project(project)
    monkeypatch.chdir(project)
    monkeypatch.setattr(task, "ROOT", checkout)
    monkeypatch.setattr("recurrent.cluster.trainer.Trainer", Trainer)
    monkeypatch.setattr(task, "trainers", task.Trainers())
    return checkout


def content(store: RunStore, run: Run) -> dict[str, bytes]:
    return {name: (store.place(run.fingerprint) / name).read_bytes() for name in FILES}


@pytest.mark.usefixtures("restored_torch")
def test_runs_arrive_with_the_bytes_that_the_worker_wrote(address: str, worker: Path) -> None:
    settings, store = config.load(), RunStore()
    runs = plan(settings, "writing")
    planned = [jobs.training_job(run, settings.runtime, store) for run in runs]
    with connect(address, settings.runtime) as cluster:
        assert cluster is not None and cluster.slots == 1
        parallel.run_jobs(planned, 1, lambda name: None, cluster=cluster)
        assert {*map(cluster.progress, [job.work for job in planned])} <= {0.0, 0.5, 1.0}
    there = RunStore(worker / ".dvc/cache/trained")
    assert len(runs) == 3
    for run in runs:
        assert store.finished(run.fingerprint)
        assert content(store, run) == content(there, run)
    assert len([*(worker / task.DATA).glob("*/data/encoded/text")]) == 1


@pytest.mark.usefixtures("restored_torch")
def test_a_worker_may_use_the_store_of_the_coordinator(
    address: str, worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, store = config.load(), RunStore()
    monkeypatch.setattr(task, "cache_folder", lambda _: store.folder.parent)
    monkeypatch.setattr(task, "FOLDER", store.folder.name)
    run, *_ = plan(settings, "writing")
    with connect(address, settings.runtime) as cluster:
        job = jobs.training_job(run, settings.runtime, store)
        parallel.run_jobs([job], 1, lambda name: None, cluster=cluster)
    assert store.finished(run.fingerprint)


def test_workers_of_one_checkout_unpack_a_dataset_once(worker: Path) -> None:
    encoded = paths.encoded("text")
    sent = FileBundle.pack(encoded, sorted(path.name for path in encoded.iterdir()))
    data = data_digest(encoded)
    with ThreadPoolExecutor(4) as threads:
        found = [*threads.map(lambda _: task.find_project("text", data, sent), range(8))]
    assert len({*found}) == 1 and found[0] is not None
    assert data_digest(found[0] / encoded) == data


def test_work_may_return_anything_and_leave_its_run_unfinished(address: str, worker: Path) -> None:
    settings, store = config.load(), RunStore()
    run, *_ = plan(settings, "writing")
    with connect(address, settings.runtime) as cluster:
        assert cluster is not None
        work = Half(run, settings.runtime, store.folder.resolve())
        assert cluster.submit(work).result(60) == f"half of {run}"
    assert not store.finished(run.fingerprint)
    assert (store.place(run.fingerprint) / HISTORY).read_text() == "epoch\n1\n"


@pytest.mark.usefixtures("restored_torch")
def test_a_run_that_cannot_be_trained_says_why(address: str, worker: Path) -> None:
    settings = edit(Path(), {"experiments": {"writing": {"training": {"batch_size": 9999}}}})
    run, *_ = plan(settings, "writing")
    with (
        pytest.raises(PipelineError, match=r"writing/gru, seed 5: .* Lower `batch_size`"),
        connect(address, settings.runtime) as cluster,
    ):
        job = jobs.training_job(run, settings.runtime, RunStore())
        parallel.run_jobs([job], 1, lambda name: None, cluster=cluster)


def test_another_environment_is_refused_before_anything_starts(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordinator, "differences", lambda *_: "has torch 2")
    said = r"worker inproc://\S+ has torch 2\. Restart it in a checkout of the same commit"
    with pytest.raises(PipelineError, match=said), connect(address, PLAIN):
        pytest.fail("it was accepted")


@pytest.mark.parametrize("address", ["tcp://[", "tcp://127.0.0.1:9"])
def test_no_scheduler_is_one_sentence(address: str) -> None:
    # In a process of its own: Dask locks up if a client that never connected is collected while
    # another one starts.
    code = (
        "from recurrent.cluster import coordinator; from tests.training.toy import PLAIN\n"
        "coordinator.TIMEOUT_S = 0.1\n"
        f"with coordinator.connect({address!r}, PLAIN): pass"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"{address}: no Dask scheduler answers" in done.stderr


def test_no_dask_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PipelineError, match=r"pip install .*\[cluster\]"), connect("x", PLAIN):
        pass
    with connect(None, PLAIN) as cluster:
        assert cluster is None
