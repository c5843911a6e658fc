"""Fill the run store in parallel, with long-lived worker processes.

Each worker imports torch once and trains one run after another into the store; then the train
stages only collect. The results have the same bytes as after sequential training.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from recurrent.common.config import Runtime
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.tracking.history import Row
from recurrent.training.fingerprint import Run, gpu_name
from recurrent.training.store import RunStore

CGROUP = Path("/sys/fs/cgroup/cpu.max")  # microseconds in a period, or max
RESTARTS = 2  # of the pool, after a worker was killed
EVERY_S = 10.0  # seconds between the lines that a worker prints about one run


def processors() -> int:
    """Return how many processors this process may use, within the quota of its container."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CGROUP.read_text(encoding="ascii").split()
        return max(1, min(here, int(quota) // int(period)))
    except (OSError, ValueError):  # not Linux, no container, or "max"
        return here


def default_jobs(runtime: Runtime) -> int:
    """Return how many runs to train in parallel: one per processor, or one on a GPU."""
    return 1 if gpu_name(runtime) else max(1, processors() // runtime.threads)


def fill(runs: Sequence[Run], runtime: Runtime, jobs: int, store: RunStore) -> None:
    """Train the runs that the store lacks.

    A killed worker loses only its work since the last checkpoint.
    """
    missing = [run for run in runs if not store.finished(run.fingerprint)]
    unique = list({run.fingerprint: run for run in missing}.values())
    if not unique:
        return
    workers = min(jobs, len(unique))
    note(f"training {len(unique)} of {len(runs)} runs, {workers} in parallel")
    for attempt in range(RESTARTS + 1):
        try:
            _fill_once(unique, runtime, jobs, store)
            return
        except BrokenProcessPool:
            unique = [run for run in unique if not store.finished(run.fingerprint)]
            if attempt == RESTARTS:
                break
            note(
                f"warning: a worker was killed (out of memory?); {len(unique)} runs are left and "
                "continue from their checkpoints"
            )
    raise PipelineError(
        f"workers were killed {RESTARTS + 1} times; {len(unique)} runs are not trained.",
        where=str(unique[0]),
        remedy="If memory is short, use --jobs 1 (make: JOBS=1). Finished runs are kept.",
    )


def _fill_once(runs: Sequence[Run], runtime: Runtime, jobs: int, store: RunStore) -> None:
    # Spawn, do not fork: torch and the libraries below it do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(runs)), context, initializer=_start) as pool:
        pending = {pool.submit(_train, run, runtime, store.folder.resolve()): run for run in runs}
        try:
            _wait(pending)
        except BaseException:  # an error, or Ctrl-C: start nothing new
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _wait(pending: dict[Future[None], Run]) -> None:
    """Wait for every run; report each one with an estimate of the time left."""
    started = time.monotonic()
    for done, future in enumerate(as_completed(pending), 1):
        run = pending[future]
        try:
            future.result()
        except BrokenProcessPool:
            raise
        except Exception:
            note(f"run {run} failed; no further runs are started")
            raise
        left = (time.monotonic() - started) / done * (len(pending) - done)
        note(f"trained {run}: {done} of {len(pending)}, about {left / 60:.0f} min left")


def _start() -> None:
    """Prepare a worker: it ends at once with Ctrl-C and with its parent, whatever it is doing."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _train(run: Run, runtime: Runtime, folder: Path) -> None:
    """Train one run in this worker."""
    from recurrent.training.worker import train_run

    train_run(run, runtime, RunStore(folder), Reporter())


class Reporter:
    """Print a run's progress, at most once in `every_s` seconds."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self.every_s = every_s
        self._last = time.monotonic()

    def __call__(self, run: Run, row: Row) -> None:
        """Print an epoch's numbers, unless the last line is recent."""
        if time.monotonic() - self._last < self.every_s:
            return
        self._last = time.monotonic()
        shown = ("train_loss", "valid_loss", "valid_accuracy")
        numbers = ", ".join(f"{name} {row[name]:.4g}" for name in shown if name in row)
        note(f"{run}: epoch {row['epoch']:.0f} of {run.variant.training.epochs}, {numbers}")
