"""Workers, schedulers and coordinators that die, hang or differ: the bytes stay the same.

A machine is a process group in a clone of its own; nothing is shared but the network.
"""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from recurrent.training.checkpoint import Checkpoint
from recurrent.training.store import CHECKPOINT
from tests.reliability import machines, small
from tests.reliability.ledger import Promised
from tests.reliability.machines import Machine, Machines, trained, wait_until
from tests.reliability.runs import STORE, finished

pytestmark = pytest.mark.long
RUNS = 3
WORKERS_FAIL = "A worker's runs are done by the others if it dies or hangs, with the same bytes"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project before anything is trained."""
    return machines.make_project(tmp_path_factory.mktemp("cluster") / "project")


@pytest.fixture(scope="module")
def one_machine(project: Path) -> dict[str, bytes]:
    """The bytes of all runs if the project trains them itself."""
    alone = project.with_name("alone")
    shutil.copytree(project, alone)
    status, printed = Machine(alone, "fill.py").end()
    assert status == 0, printed
    found = trained(alone)
    assert len({name.partition("/")[0] for name in found}) == RUNS
    return found


@pytest.fixture
def cluster(tmp_path: Path, project: Path) -> Iterator[Machines]:
    """A fresh copy of the project, and a scheduler without workers."""
    shutil.copytree(project, tmp_path / "project")
    made = Machines(tmp_path, tmp_path / "project")
    yield made
    made.off()


def busy(machine: Machine, epochs: int = 20) -> bool:
    """Whether it is in the middle of a run."""
    return any(rows >= epochs for rows in machine.rows().values())


@pytest.mark.parametrize(
    "fault", ["kill -9 of a worker in mid-run", "SIGSTOP of a worker in mid-run"]
)
def test_a_worker_that_dies_or_hangs(
    fault: str, cluster: Machines, one_machine: dict[str, bytes], promise: Promised
) -> None:
    kept = promise(WORKERS_FAIL, f"{fault}, with all its processes")
    doomed, other = cluster.worker("one"), cluster.worker("two")
    coordinator = cluster.coordinator()
    wait_until(lambda: busy(doomed), coordinator)
    (run,) = doomed.rows()
    doomed.signal(signal.SIGKILL if "kill" in fault else signal.SIGSTOP)
    kept.injected = 1
    noticed = wait_until(
        lambda: "is gone; others train its runs" in coordinator.printed(), coordinator
    )
    status, printed = coordinator.end()
    assert status == 0, printed
    assert run in finished(other.folder), "the other worker did its run"
    assert trained(cluster.project) == one_machine
    kept.found = f"noticed after {noticed:.0f} s"


def test_a_training_process_that_dies(
    cluster: Machines, one_machine: dict[str, bytes], promise: Promised
) -> None:
    kept = promise(
        "A worker whose training process dies trains the run again, with the same bytes",
        "kill -9 of the training process in mid-run",
    )
    worker = cluster.worker("one")
    coordinator = cluster.coordinator()
    wait_until(lambda: busy(worker), coordinator)
    processes = psutil.Process(worker.process.pid).children(recursive=True)
    (trainer,) = (one for one in processes if "recurrent.cluster.trainer" in one.cmdline())
    trainer.kill()
    kept.injected = 1
    status, printed = coordinator.end()
    assert status == 0, printed
    assert trained(cluster.project) == one_machine


def test_a_scheduler_that_dies(
    cluster: Machines, one_machine: dict[str, bytes], promise: Promised
) -> None:
    kept = promise(
        "If the scheduler dies, finished runs are kept, and the next call does the others",
        "kill -9 of the scheduler in mid-run",
    )
    for name in ("one", "two"):
        cluster.worker(name)
    coordinator = cluster.coordinator()
    wait_until(lambda: finished(cluster.project), coordinator)
    before = trained(cluster.project)
    cluster.scheduler.off()
    kept.injected = 1
    status, printed = coordinator.end(60)
    assert status == 1 and "Traceback" not in printed, printed
    (said,) = [line for line in printed.splitlines() if line.startswith("error: ")]
    assert said.startswith(f"error: {cluster.address}: the connection to the scheduler was lost.")
    assert before.items() <= trained(cluster.project).items()
    assert len(finished(cluster.project)) < RUNS, "too late to test anything"
    status, printed = Machine(cluster.project, "fill.py").end()  # without a cluster
    assert status == 0, printed
    assert trained(cluster.project) == one_machine


@pytest.mark.parametrize("fault", ["Ctrl-C", "kill -9"])
def test_a_coordinator_that_stops(
    fault: str, cluster: Machines, one_machine: dict[str, bytes], promise: Promised
) -> None:
    kept = promise(
        "If the coordinator stops, so do the runs, and the next call continues from checkpoints",
        f"{fault} of the coordinator in mid-run",
    )
    workers = [cluster.worker(name) for name in ("one", "two")]
    coordinator = cluster.coordinator()
    wait_until(lambda: all(busy(worker) for worker in workers), coordinator)
    done = [worker.rows() for worker in workers]
    coordinator.signal(signal.SIGINT if fault == "Ctrl-C" else signal.SIGKILL)
    kept.injected = 1
    assert coordinator.end(60)[0] != 0
    for worker, before in zip(workers, done, strict=True):
        for run, rows in before.items():
            path = worker.folder / STORE / run / CHECKPOINT
            wait_until(path.exists, worker, 30)
            progress = Checkpoint(path).read()
            assert progress and rows <= progress.epoch < machines.EPOCHS
    status, printed = cluster.coordinator().end()
    assert status == 0, printed
    assert trained(cluster.project) == one_machine


def test_a_worker_that_differs(
    cluster: Machines, one_machine: dict[str, bytes], promise: Promised
) -> None:
    kept = promise(
        "A worker of another commit or library version is refused by name, and trains nothing",
        "another commit, another torch; there from the start, or joined in mid-run",
    )
    other = cluster.clone("other")
    machines.commit(other, "something else")
    fake = cluster.folder / "fake/torch-2.12.1.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.12.1\n")
    good = cluster.worker("good")
    for name, environment, reason in (
        ("other", {}, "has commit "),
        ("old", {"PYTHONPATH": str(fake.parent)}, "has torch 2.12.1, this project has "),
    ):
        bad = cluster.worker(name, **environment)
        status, printed = cluster.coordinator().end()
        assert status == 1 and "Traceback" not in printed, printed
        assert f"error: {cluster.address}: worker tcp://127.0.0.1:" in printed
        assert reason in printed
        bad.off()
        kept.injected += 1
    assert not finished(good.folder), "nothing was started"

    coordinator = cluster.coordinator(slots=2)
    wait_until(lambda: busy(good), coordinator)
    late = cluster.worker("other")
    kept.injected += 1
    status, printed = coordinator.end()
    assert status == 0, printed
    assert "has commit " in printed and "it is removed" in printed
    assert late.end(60)[0] == 0
    for clone in ("other", "old"):
        assert not (cluster.folder / clone / STORE).exists(), "it trained nothing"
    assert trained(cluster.project) == one_machine


def test_a_pipeline_on_a_cluster(tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "`recurrent repro --cluster` leaves the files and dvc.lock of one machine",
        "two workers in two clones",
    )
    alone, shared = (small.make(tmp_path / name) for name in ("alone", "shared"))
    done = alone.recurrent("repro", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    cluster = Machines(tmp_path, shared.folder)
    try:
        for name in ("one", "two"):
            cluster.worker(name)
        kept.injected = 1
        done = shared.recurrent("repro", "--cluster", cluster.address)
    finally:
        cluster.off()
    assert done.returncode == 0, done.stderr
    assert all(finished(tmp_path / name) for name in ("one", "two"))
    assert small.outputs(alone) == small.outputs(shared)
