"""Run jobs in parallel, in long-lived worker processes.

Each worker imports torch once and does one job after another; its results go into the run store.
Then the stages only collect. The bytes of the results do not depend on the number of workers.
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
from recurrent.common.config import Runtime
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.common.job_progress import JobProgress
from recurrent.training.fingerprint import gpu_name
from recurrent.training.schedule import DurationOf, Estimate, Job, Schedule

CGROUP = Path("/sys/fs/cgroup/cpu.max")  # microseconds in a period, or max
RESTARTS = 2  # of the pool, after a worker was killed
POLL_S = 0.5  # between looks at the progress of running jobs


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


def run_jobs(
    jobs: Iterable[Job], workers: int, seconds: DurationOf, log: Path | None = None
) -> None:
    """Run all unfinished jobs; start the longest chain of dependent jobs first.

    A killed worker loses only its work since the last checkpoint. The log gets a line for each
    finished job: its name, when it started (seconds since 1970), and how many seconds it took.
    """
    jobs = [*jobs]
    if log is not None:
        files.write_text(log, "job,started,seconds\n")
    for attempt in range(RESTARTS + 1):
        try:
            _run_jobs_once(jobs, workers, seconds, log)
            return
        except BrokenProcessPool:
            left = [job.name for job in jobs if not job.finished()]
            if attempt < RESTARTS:
                note(
                    "warning: a worker was killed (out of memory?); restarting. Runs continue from "
                    "their checkpoints."
                )
    raise PipelineError(
        f"workers were killed {RESTARTS + 1} times; the remaining jobs were not started again.",
        where=left[0] if left else "the last job",
        remedy="If memory is short, use --jobs 1 (make: JOBS=1). Finished runs are kept.",
    )


def _run_jobs_once(
    jobs: Sequence[Job], workers: int, seconds: DurationOf, log: Path | None
) -> None:
    schedule, estimate = Schedule(seconds), Estimate(seconds)
    schedule.add(jobs)
    missing = sum(not job.finished() for job in jobs)
    if missing:
        note(f"starting {missing} jobs, {workers} in parallel; more may follow")
    running: dict[Future[None], tuple[Job, float]] = {}  # with the time of its start
    # Spawn, do not fork: torch and the libraries below it do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(workers, context, initializer=_start) as pool,
        JobProgress("jobs") as shown,
    ):
        try:
            while True:
                while len(running) < workers and (job := schedule.next()):
                    if job.finished():
                        _complete(job, schedule)
                    else:
                        running[pool.submit(job.work)] = job, time.time()
                if not running:
                    return
                for future in wait(running, POLL_S, FIRST_COMPLETED).done:
                    job, started = running.pop(future)
                    _raise_failure(future, job)
                    took = time.time() - started
                    estimate.record(job.name, took)
                    if log is not None:
                        with log.open("a", encoding="utf-8", newline="") as file:
                            csv.writer(file).writerow([job.name, f"{started:.2f}", f"{took:.2f}"])
                    _complete(job, schedule)
                now = [(job.name, job.progress()) for job, _ in running.values()]
                later = [(job.name, 0.0) for job in schedule.waiting.values()]
                left = estimate.seconds_left([*now, *later], workers)
                shown.show(now, len(schedule.done), len(now) + len(later), left)
        except BaseException:  # an error, or Ctrl-C: start nothing new
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _complete(job: Job, schedule: Schedule) -> None:
    schedule.add(job.next_jobs())
    schedule.finish(job.key)


def _raise_failure(future: Future[None], job: Job) -> None:
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
