"""A cluster on one machine: a scheduler, and clones of a project, each with a Dask worker."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from recurrent.training.store import HISTORY, MANIFEST
from tests.project import ROOT
from tests.reliability.runs import STORE
from tests.training.small import edit, write_project

EPOCHS = 120  # of each of the three runs: time to be disturbed
TTL_S = 5  # of a worker without a heartbeat; Dask's default is five minutes
FILL = """
from recurrent.cluster.coordinator import connect
from recurrent.commands import jobs
from recurrent.common import config, console
from recurrent.training import parallel
from recurrent.training.fingerprint import plan
from recurrent.training.store import RunStore


def main(address: str = "", slots: int = 0) -> None:
    settings, store = config.load(), RunStore()
    runs = plan(settings, "writing")
    planned = [jobs.training_job(run, settings.runtime, store) for run in runs]
    with connect(address or None, settings.runtime, slots or None) as cluster:
        parallel.run_jobs(planned, 2, lambda name: None, cluster=cluster)


if __name__ == "__main__":
    console.run(main)
"""


class Machine:
    """A process that stands for a machine, with all processes that it starts."""

    def __init__(self, folder: Path, *command: str, **environment: str) -> None:
        self.folder, self.log = folder, folder.with_suffix(f".{time.monotonic_ns()}.log")
        clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                env={**clean, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_hear_ctrl_c,
            )

    def signal(self, number: int) -> None:
        """Send a signal to all of its processes."""
        os.killpg(self.process.pid, number)

    def end(self, seconds: float = 300.0) -> tuple[int, str]:
        """Wait for the end; return the exit status and what was printed."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.off()
            raise AssertionError(f"it does not end: {self.printed()}") from None
        return self.process.returncode, self.printed()

    def off(self) -> None:
        """Kill it if it is still running."""
        try:
            self.signal(signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait()

    def printed(self) -> str:
        """Return what it printed."""
        return self.log.read_text(encoding="utf-8")

    def rows(self) -> dict[str, int]:
        """Return the epochs of each run that is not finished here."""
        return {
            path.parent.name: path.read_bytes().count(b"\n") - 1
            for path in (self.folder / STORE).glob(f"*/{HISTORY}")
            if not (path.parent / MANIFEST).exists()
        }


def _hear_ctrl_c() -> None:
    """Undo what a shell does to commands in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Machines:
    """A project, the clones of it that have a worker, and a scheduler."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.folder, self.project = folder, project
        self.started: list[Machine] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        self.address = f"tcp://127.0.0.1:{port}"
        command = ("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", port)
        ttl = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": f"{TTL_S}s"}
        elsewhere = folder / "scheduler"  # it needs no checkout
        elsewhere.mkdir()
        self.scheduler = self._start(elsewhere, *command, "--no-dashboard", **ttl)

    def clone(self, name: str) -> Path:
        """Return a clone of the project, made if it is new."""
        folder = self.folder / name
        if not folder.exists():
            git(self.folder, "clone", "--quiet", str(self.project), name)
        return folder

    def worker(self, name: str, **environment: str) -> Machine:
        """Start a worker in a clone, and wait until the scheduler knows it."""
        command = ("-m", "dask", "worker", self.address, "--nthreads", "1", "--no-dashboard")
        machine = self._start(self.clone(name), *command, **environment)
        wait_until(lambda: "Registered to" in machine.printed(), machine)
        return machine

    def coordinator(self, slots: int = 0) -> Machine:
        """Start to train the missing runs on the workers."""
        return self._start(
            self.project, "fill.py", "--address", self.address, "--slots", f"{slots}"
        )

    def off(self) -> None:
        """Kill everything."""
        for machine in self.started:
            machine.off()

    def _start(self, folder: Path, *command: str, **environment: str) -> Machine:
        machine = Machine(folder, *command, **environment)
        self.started.append(machine)
        return machine


def make_project(folder: Path) -> Path:
    """Make a project under git: this one's code, toy data, and `fill.py` to train its runs."""
    folder.mkdir()
    shutil.copytree(
        ROOT / "recurrent", folder / "recurrent", ignore=shutil.ignore_patterns("*.pyc")
    )
    write_project(folder)
    edit(folder, {"experiments": {"writing": {"training": {"epochs": EPOCHS}, "samples": None}}})
    (folder / "fill.py").write_text(FILL, encoding="utf-8")
    (folder / ".gitignore").write_text("/data/\n/.dvc/\n__pycache__/\n", encoding="utf-8")
    git(folder, "init", "--quiet")
    commit(folder, "a project")
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit everything."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def git(folder: Path, *arguments: str) -> None:
    """Run a git command."""
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def trained(project: Path) -> dict[str, bytes]:
    """Return the bytes of all finished runs, by file."""
    return {
        f"{place.parent.name}/{path.name}": path.read_bytes()
        for place in (project / STORE).glob(f"*/{MANIFEST}")
        for path in place.parent.iterdir()
        if path.name != MANIFEST  # which has the seconds
    }


def wait_until(true: Callable[[], object], machine: Machine, seconds: float = 120.0) -> float:
    """Wait until a condition holds while a machine runs; return the seconds."""
    started = time.monotonic()
    while not true():
        assert machine.process.poll() is None, machine.printed()
        assert time.monotonic() < started + seconds, machine.printed()
        time.sleep(0.1)
    return time.monotonic() - started
