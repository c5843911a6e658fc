"""Trackers that fail: publishing stops with one warning, and a later one restores everything."""

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

from tests.reliability import tracked, trackers
from tests.reliability.ledger import Promise

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
Faulty = Callable[[Path], AbstractContextManager[str]]  # from an empty database to a URI


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
    folder.mkdir()
    yield f"sqlite:///{folder}"


@contextmanager
def read_only(database: Path) -> Iterator[str]:
    disk = database.with_name("disk")
    disk.mkdir()
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
    "SQLite, locked by another process all the time": locked,
    "SQLite, a folder in place of the database": a_folder,
    "SQLite, on a read-only file system": read_only,
}
SHORT = "a server that is not there"


@pytest.mark.parametrize(
    "fault",
    [name if name == SHORT else pytest.param(name, marks=pytest.mark.long) for name in FAULTS],
)
def test_a_tracker_that_fails_costs_a_warning(
    fault: str, tmp_path: Path, empty: Path, promise: Promised
) -> None:
    kept = promise(
        "A failing tracker costs less than a minute and one warning; publishing again adds what "
        "is missing, once",
        fault,
    )
    database = Path(shutil.copy(empty, tmp_path))
    project = tracked.prepare(tmp_path / "project")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    started = time.monotonic()
    with FAULTS[fault](database) as uri:
        tracked.assert_one_warning(tracked.publish(project, uri))
    spent = time.monotonic() - started
    kept.found = f"{spent:.1f} s"
    assert spent < 60
    assert {path: path.read_bytes() for path in before} == before
    kept.injected = 1
    kept.lost = tracked.lost_after_publishing(project, f"sqlite:///{database}")
    assert not kept.lost


def test_a_kill_while_publishing_spoils_nothing(
    tmp_path: Path, promise: Promised, many: Many
) -> None:
    kept = promise(
        "A kill while publishing creates a database or logs a run damages nothing",
        "kill -9 of publishing to a new database, at a random moment",
    )
    project = tracked.prepare(tmp_path / "project")
    draw, longest = random.Random(0), 3.0
    while kept.injected < many(1, 6):
        database = tmp_path / f"{kept.injected}.db"
        uri = f"sqlite:///{database}"
        process = tracked.start(project, uri)
        while process.poll() is None and not [*tmp_path.glob(f"{database.name}*")]:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, longest))
        process.kill()
        process.communicate()
        if process.returncode != -9:  # it had ended: kill the next one sooner
            longest *= 0.7
            database.unlink()
            continue
        kept.injected += 1
        kept.lost += tracked.lost_after_publishing(project, uri)
    assert not kept.lost


@pytest.mark.long
def test_projects_that_publish_at_one_time_do_not_mix(tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "Projects that publish to a new database at one time have a run each",
        "three projects at one time",
    )
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    names = [str(number) * 64 for number in range(3)]
    folders = [tracked.prepare(tmp_path / name[0], name) for name in names]
    pairs = [*zip(folders, names, strict=True)]
    processes = [tracked.start(folder, uri, name) for folder, name in pairs]
    said = [process.communicate()[0] for process in processes]
    kept.injected = len(folders)
    assert [process.returncode for process in processes] == [0, 0, 0], said
    kept.lost = sum(tracked.lost_after_publishing(folder, uri, name) for folder, name in pairs)
    assert len(tracked.all_runs(MlflowClient(uri))) == 3
    assert not kept.lost
