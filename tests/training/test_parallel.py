"""Workers: how many there are, and what happens when one is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from recurrent.common.config import Runtime
from recurrent.training import parallel
from recurrent.training.checkpoint import Checkpoint
from recurrent.training.fingerprint import plan
from recurrent.training.schedule import Job
from recurrent.training.store import RunStore
from tests.project import ROOT
from tests.training.small import edit, fill, write_project
from tests.training.work import until_killed

FILL = """
from recurrent.common import config
from recurrent.training.fingerprint import plan
from tests.training.small import fill
from recurrent.training.store import RunStore
if __name__ == "__main__":
    settings = config.load()
    fill(plan(settings, "writing"), settings.runtime, 2, RunStore())
"""


@pytest.mark.parametrize(
    ("share", "expected"),
    [("300000 100000", 3), ("50000 100000", 1), ("9900000 100000", 8), ("max 100000", 8), ("", 8)],
)
def test_a_container_has_its_share_of_the_processors(
    share: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(8)}, raising=False)
    monkeypatch.setattr(parallel, "CGROUP", tmp_path / "cpu.max")
    assert parallel.processors() == 8
    (tmp_path / "cpu.max").write_text(share)
    assert parallel.processors() == expected


def test_one_run_per_processor_and_one_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "processors", lambda: 7)
    assert parallel.default_workers(Runtime(device="cpu")) == 7
    assert parallel.default_workers(Runtime(device="cpu", threads=2, reproducible="fast")) == 3
    monkeypatch.setattr(parallel, "gpu_name", lambda runtime: "a GPU")
    assert parallel.default_workers(Runtime()) == 1


class Elsewhere(ThreadPoolExecutor):
    """A cluster that does two jobs at once; it notes how many it has at one time."""

    slots = 2

    def __init__(self) -> None:
        super().__init__()
        self.now, self.most = 0, 0

    def progress(self, work: Any) -> float:
        return 0.5

    def submit(self, work: Callable[[], Any], /) -> Future[Any]:  # type: ignore[override]
        self.now += 1
        self.most = max(self.most, self.now)
        future = super().submit(work)
        future.add_done_callback(lambda _: setattr(self, "now", self.now - 1))
        return future


def test_a_cluster_does_the_jobs_that_can_be_done_away() -> None:
    done: dict[str, int] = {}

    def job(name: str, *after: str, **where: bool) -> Job:
        def note_process(process: int) -> list[Job]:
            done[name] = process
            return []

        return Job(name, name, os.getpid, bool, frozenset(after), next_jobs=note_process, **where)

    away = [job(name, away=True) for name in "abcde"]
    jobs = [*away, job("after", "a", "b"), job("here", "after", here=True)]
    with Elsewhere() as cluster:
        parallel.run_jobs(jobs, 1, lambda name: None, cluster=cluster)
    assert cluster.most == 2
    assert {*done} == {*"abcde", "after", "here"}
    assert [*done][-1] == "here", "it waited for a job of a local worker, which waited for others"
    assert {name for name, process in done.items() if process != os.getpid()} == {"after"}


def workers(parent: int) -> list[psutil.Process]:
    """The processes that a parent has spawned to run tasks."""
    children = psutil.Process(parent).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for a condition; fail, and do not hang, if it never holds."""
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until, "the job never started"
        time.sleep(0.01)


def test_a_killed_worker_is_replaced_and_all_running_jobs_start_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places, done = [tmp_path / name for name in "ab"], dict[Path, int]()

    def job(place: Path) -> Job:
        def note_process(process: int) -> list[Job]:
            done[place] = process
            return []

        work = partial(until_killed, place)
        return Job(place.name, place.name, work, bool, next_jobs=note_process)

    def kill() -> list[int]:
        wait_until(lambda: all(place.exists() for place in places))
        found = [int(place.read_text()) for place in places]
        # Python 3.11 misses the death of the worker that it started last until a job is done.
        os.kill(min(found), signal.SIGKILL)
        return found

    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(kill)
        parallel.run_jobs(map(job, places), 2, lambda name: None)
    assert capsys.readouterr().err.count("a worker was killed") == 1
    assert {*done} == {*places} and {*done.values()}.isdisjoint(killed.result())


def test_the_run_of_a_killed_worker_is_trained_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(tmp_path)
    changes = {"training": {"epochs": 30}, "samples": None, "seeds": [5]}
    settings = edit(tmp_path, {"experiments": {"writing": changes}})
    monkeypatch.chdir(tmp_path)
    store = RunStore()

    def kill() -> None:
        wait_until(lambda: [*store.folder.glob("*/history.csv")])  # a run is under way
        (worker,) = workers(os.getpid())
        worker.kill()

    planned = plan(settings, "writing")
    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(kill)
        fill(planned, settings.runtime, 1, store)
    assert killed.result() is None
    assert "a worker was killed" in capsys.readouterr().err
    assert all(store.finished(run.fingerprint) for run in planned)


def epochs(place: Path) -> int:
    """The epochs that are in histories."""
    return sum(path.read_bytes().count(b"\n") - 1 for path in place.glob("*/history.csv"))


def test_ctrl_c_ends_within_seconds_and_loses_no_finished_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    edit(tmp_path, {"experiments": {"writing": {"training": {"epochs": 100_000}, "samples": None}}})
    script, place = tmp_path / "fill.py", tmp_path / ".dvc/cache/trained"
    script.write_text(FILL)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while epochs(place) < 20:
        time.sleep(0.05)
    before = epochs(place)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    _, alive = psutil.wait_procs(workers_left(place), timeout=10)  # one may be ending
    assert not alive
    written = [Checkpoint(path).read() for path in place.glob("*/checkpoint.safetensors")]
    assert sum(progress.epoch for progress in written if progress) >= before


def workers_left(place: Path) -> list[psutil.Process]:
    """The processes that still work in the folder of that store."""
    folder = str(place.parents[2])
    return [one for one in psutil.process_iter() if one.is_running() and working(one) == folder]


def working(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except psutil.Error:
        return ""
