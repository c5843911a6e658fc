"""Work off jobs in parallel, with long-lived worker processes.

Each worker imports torch once and does one job after another; its results go into the run store.
Then the stages only collect. The results have the same bytes as one after the other.
"""

import csv
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from recurrent.common import files
from recurrent.common.board import Board
from recurrent.common.config import Runtime
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.training.fingerprint import gpu_name
from recurrent.training.schedule import Estimate, Job, Schedule, Seconds

CGROUP = Path("/sys/fs/cgroup/cpu.max")  # microseconds in a period, or max
RESTARTS = 2  # of the pool, after a worker was killed
LOOK_S = 0.5  # between looks at what running jobs have done


def processors() -> int:
    """Return how many processors this process may use, within the quota of its container."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CGROUP.read_text(encoding="ascii").split()
        return max(1, min(here, int(quota) // int(period)))
    except (OSError, ValueError):  # not Linux, no container, or "max"
        return here


def default_workers(runtime: Runtime) -> int:
    """Return how many jobs to do in parallel: one per processor, or one on a GPU."""
    return 1 if gpu_name(runtime) else max(1, processors() // runtime.threads)


def work_off(jobs: Iterable[Job], workers: int, seconds: Seconds, log: Path | None = None) -> None:
    """Do all jobs that are not finished yet, those that start the longest chain first.

    A killed worker loses only its work since the last checkpoint. The log gets a line for each
    finished job: its name, when it started (seconds since 1970), and how many seconds it took.
    """
    jobs = [*jobs]
    if log is not None:
        files.write_text(log, "job,started,seconds\n")
    for attempt in range(RESTARTS + 1):
        try:
            _work_off_once(jobs, workers, seconds, log)
            return
        except BrokenProcessPool:
            left = [job.name for job in jobs if not job.finished()]
            if attempt < RESTARTS:
                note(
                    f"warning: a worker was killed (out of memory?); {len(left)} jobs are left and "
                    "continue from their checkpoints"
                )
    raise PipelineError(
        f"workers were killed {RESTARTS + 1} times; {len(left)} jobs are not done.",
        where=left[0] if left else "the last job",
        remedy="If memory is short, use --jobs 1 (make: JOBS=1). Finished runs are kept.",
    )


def _work_off_once(jobs: Sequence[Job], workers: int, seconds: Seconds, log: Path | None) -> None:
    schedule, estimate = Schedule(seconds), Estimate(seconds)
    schedule.add(jobs)
    missing = sum(not job.finished() for job in jobs)
    if missing:
        note(f"{missing} of {len(jobs)} jobs to do, {min(workers, missing)} in parallel")
    running: dict[Future[None], tuple[Job, float]] = {}  # with the time of its start
    # Spawn, do not fork: torch and the libraries below it do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_start) as pool, Board("jobs") as board:
        try:
            while True:
                while len(running) < workers and (job := schedule.next()):
                    if job.finished():
                        _complete(job, schedule)
                    else:
                        running[pool.submit(job.work)] = job, time.time()
                if not running:
                    return
                for future in wait(running, LOOK_S, FIRST_COMPLETED).done:
                    job, started = running.pop(future)
                    _result(future, job)
                    took = time.time() - started
                    estimate.record(job.name, took)
                    if log is not None:
                        with log.open("a", encoding="utf-8", newline="") as file:
                            csv.writer(file).writerow([job.name, f"{started:.2f}", f"{took:.2f}"])
                    _complete(job, schedule)
                now = [(job.name, job.share()) for job, _ in running.values()]
                later = [(job.name, 0.0) for job in schedule.waiting.values()]
                left = estimate.left([*now, *later], workers)
                board.show(now, len(schedule.done), len(now) + len(later), left)
        except BaseException:  # an error, or Ctrl-C: start nothing new
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _complete(job: Job, schedule: Schedule) -> None:
    schedule.add(job.following())
    schedule.finish(job.key)


def _result(future: Future[None], job: Job) -> None:
    """Raise what a job raised."""
    try:
        future.result()
    except BrokenProcessPool:
        raise
    except Exception:
        note(f"{job.name} failed; no further jobs are started")
        raise


def _start() -> None:
    """Prepare a worker: it ends at once with Ctrl-C and with its parent, whatever it is doing."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
