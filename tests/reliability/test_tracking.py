"""Trackers that fail: a training neither waits for MLflow nor differs; publishing restores all."""

import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.reliability import tracked, trackers, trainings
from tests.reliability.ledger import Promise
from tests.reliability.tracked import EXPERIMENT, Pair

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
Faulty = Callable[[Path], AbstractContextManager[str]]  # of an empty database: the URI to tell


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's database without a run."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@contextmanager
def absent(_: Path) -> Iterator[str]:
    yield f"http://127.0.0.1:{trackers.free_port()}"


@contextmanager
def failing(_: Path) -> Iterator[str]:
    with trackers.failing() as url:
        yield url


@contextmanager
def hanging(_: Path) -> Iterator[str]:
    with trackers.failing(after_s=30) as url:
        yield url


@contextmanager
def locked(database: Path) -> Iterator[str]:
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield f"sqlite:///{database}"


@contextmanager
def a_folder(database: Path) -> Iterator[str]:
    folder = database.with_name("folder.db")
    folder.mkdir(exist_ok=True)
    yield f"sqlite:///{folder}"


@contextmanager
def in_a_file(database: Path) -> Iterator[str]:
    yield f"sqlite:///{database}/mlflow.db"


@contextmanager
def read_only(database: Path) -> Iterator[str]:
    disk = database.with_name("disk")
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        shutil.copy(database, disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield f"sqlite:///{disk / database.name}"
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


FAULTS: dict[str, Faulty] = {
    "a server that is not there": absent,
    "a server that answers 500 to everything": failing,
    "a server that hangs for 30 s a call": hanging,
    "SQLite, locked by another process from start to end": locked,
    "SQLite, a folder in place of the database": a_folder,
    "SQLite, in a folder that is a file": in_a_file,
    "SQLite, on a file system that is read-only": read_only,
}
SHORT = "a server that is not there"


@pytest.mark.parametrize(
    "fault",
    [name if name == SHORT else pytest.param(name, marks=pytest.mark.long) for name in FAULTS],
)
def test_a_training_goes_on_without_its_tracker(
    fault: str, tmp_path: Path, empty: Path, promise: Promised, many: Many
) -> None:
    kept = promise(
        "A tracker that fails costs one warning; the results are the same bytes, and "
        "publishing restores the whole history, once",
        fault,
    )
    database = Path(shutil.copy(empty, tmp_path))
    pair = Pair(tmp_path, epochs=many(20, 100))
    with FAULTS[fault](database) as uri:
        pair.train_both(uri)
    kept.injected = 1
    kept.lost = tracked.lost_after_publishing(pair.tracked, f"sqlite:///{database}")
    kept.found = pair.times()
    assert not kept.lost


@pytest.mark.long
def test_a_database_is_made_whole_or_not_at_all(tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "A kill while MLflow makes its database, or is told of a training, spoils nothing",
        "kill -9 of publishing to a new one at a random moment",
    )
    project = tracked.prepared(tmp_path, epochs=20, tracked=False).folder
    tracked.train(project, "")
    draw, wait = random.Random(0), 4.0
    while kept.injected < 5:
        uri = f"sqlite:///{tmp_path}/{kept.injected}.db"
        tracked.evaluate(project, accuracy=0.5)  # measured anew after the kill
        process = trainings.start(
            project, "recurrent.commands.publish", environment=tracked.where(uri)
        )
        while process.poll() is None and not [*tmp_path.glob(f"{kept.injected}.db*")]:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, wait))
        process.kill()
        process.communicate()
        if process.returncode != -9:  # it ended before it was killed: sooner, next time
            wait *= 0.7
            Path(uri.removeprefix("sqlite:///")).unlink()
            continue
        kept.injected += 1
        kept.lost += tracked.lost_after_publishing(project, uri)
    assert not kept.lost


@pytest.mark.long
def test_trainings_may_share_a_new_database(tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "Trainings that start together on a database that is not there yet are all followed",
        "three projects, of three rates, at one time",
    )
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    rates = {"slow": 0.005, "middle": 0.01, "fast": 0.02}
    folders = [
        tracked.prepared(tmp_path / name, epochs=20, rate=rate).folder
        for name, rate in rates.items()
    ]
    processes = [
        trainings.start(folder, "stages.train", EXPERIMENT, environment=tracked.where(uri))
        for folder in folders
    ]
    said = [process.communicate()[0] for process in processes]
    kept.injected = len(folders)
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert len(tracked.all_runs(MlflowClient(uri))) == 3, said
    kept.lost = sum(tracked.lost_after_publishing(folder, uri) for folder in folders)
    assert not kept.lost
