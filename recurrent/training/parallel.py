"""Run jobs in parallel, in long-lived worker processes.

Each worker imports torch once and does one job after another; its results go into the run store.
Then the stages only collect. The bytes of the results do not depend on the number of workers.
"""

import csv
import multiprocessing
import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol

from recurrent.common import files
from recurrent.common.config import Runtime
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.common.job_progress import JobProgress
from recurrent.training.fingerprint import gpu_name
from recurrent.training.interrupt import finish_epoch_on_interrupt
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


class Cluster(Protocol):
    """Other machines."""

    slots: int  # jobs at once

    def submit(self, work: Any, /) -> Future[Any]:
        """Do the work of a job that is `away`."""

    def progress(self, work: Any, /) -> float:
        """Return how much of the work is done, from 0 to 1."""


def run_jobs(
    jobs: Iterable[Job],
    workers: int,
    seconds: DurationOf,
    log: Path | None = None,
    cluster: Cluster | None = None,
) -> None:
    """Run all unfinished jobs; start the longest chain of dependent jobs first.

    With a cluster, it does the jobs that are `away`, and the workers here do the others. A killed
    worker loses only its work since the last checkpoint. The log gets a line for each
    finished job: its name, when it started (seconds since 1970), and how many seconds it took.
    """
    crew = _Crew(workers, seconds, log, cluster)
    crew.schedule.add(jobs)
    # Spawn, do not fork: torch and the libraries below it do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(1) as here, JobProgress("jobs") as shown:
        for attempt in range(RESTARTS + 1):
            with ProcessPoolExecutor(workers, context, initializer=_start) as pool:
                try:
                    while crew.start(pool, here):
                        crew.wait(shown)
                    return
                except BrokenProcessPool:
                    lost = crew.put_back()
                except BaseException:  # an error, or Ctrl-C: start nothing new
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
            if attempt < RESTARTS:
                note(
                    "warning: a worker was killed (out of memory?); restarting. Runs continue from "
                    "their checkpoints."
                )
    raise PipelineError(
        f"workers were killed {RESTARTS + 1} times; the remaining jobs were not started again.",
        where=", ".join(job.name for job in lost),
        remedy="If memory is short, use --jobs 1 (make: JOBS=1). Finished runs are kept.",
    )


class _Crew:
    """The jobs that wait, run and are done."""

    def __init__(
        self, workers: int, seconds: DurationOf, log: Path | None, cluster: Cluster | None
    ) -> None:
        self.workers, self.log, self.cluster = workers, log, cluster
        self.schedule, self.estimate = Schedule(seconds), Estimate(seconds)
        self.running: dict[Future[Any], tuple[Job, float]] = {}  # with the time of its start
        if log is not None:
            files.write_text(log, "job,started,seconds\n")

    def start(self, pool: Executor, here: Executor) -> bool:
        """Start as many jobs as there are workers; return whether any is running."""
        while job := self._next():
            if job.finished():
                self._complete(job, None)
                continue
            if not self.schedule.done and not self.running:
                note(f"starting jobs, {self._slots} in parallel")
            try:
                if self.cluster and job.away:
                    future = self.cluster.submit(job.work)
                else:
                    future = (here if job.here else pool).submit(job.work)
            except BrokenProcessPool:
                self.schedule.put_back(job)
                raise
            self.running[future] = job, time.time()
        assert self.running or not self.schedule.waiting, "a job waits for one that nobody added"
        return bool(self.running)

    def _next(self) -> Job | None:
        """Return the next job for which there is a free worker."""
        running = [job for job, _ in self.running.values()]
        here = sum(job.here for job in running)
        away = sum(job.away for job in running) if self.cluster else 0
        job = self.schedule.next(here=True) if not here else None
        if job is None and self.cluster and away < self.cluster.slots:
            job = self.schedule.next(away=True)
        if job is None and len(running) - here - away < self.workers:
            job = self.schedule.next(away=False if self.cluster else None)
        return job

    @property
    def _slots(self) -> int:
        """How many of the long jobs can run at once."""
        return self.cluster.slots if self.cluster else self.workers

    def wait(self, shown: JobProgress) -> None:
        """Wait a moment for running jobs, complete those that are done, and show the others."""
        for future in wait(self.running, POLL_S, FIRST_COMPLETED).done:
            job, started = self.running[future]
            self._raise_failure(future, job)
            del self.running[future]
            took = time.time() - started
            self.estimate.record(job.name, took)
            if self.log is not None:
                with self.log.open("a", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerow([job.name, f"{started:.2f}", f"{took:.2f}"])
            self._complete(job, future.result())
        now = [(job.name, self._progress(job)) for job, _ in self.running.values()]
        later = [(job.name, 0.0) for job in self.schedule.waiting.values()]
        left = self.estimate.seconds_left([*now, *later], self._slots)
        shown.show(now, len(self.schedule.done), len(now) + len(later), left)

    def _progress(self, job: Job) -> float:
        """Return how much of a running job is done, from 0 to 1."""
        return self.cluster.progress(job.work) if self.cluster and job.away else job.progress()

    def put_back(self) -> list[Job]:
        """Let the jobs of killed workers wait again; return them."""
        lost = [
            (future, job)
            for future, (job, _) in self.running.items()
            if not job.here and not (self.cluster and job.away)
        ]
        for future, job in lost:
            del self.running[future]
            self.schedule.put_back(job)
        return [job for _, job in lost]

    def _complete(self, job: Job, result: Any) -> None:
        self.schedule.add(job.next_jobs(result))
        self.schedule.finish(job.key)

    @staticmethod
    def _raise_failure(future: Future[Any], job: Job) -> None:
        """Raise what a job raised."""
        try:
            future.result()
        except BrokenProcessPool:
            raise
        except Exception:
            note(f"{job.name} failed; no further jobs are started")
            raise


def _start() -> None:
    """Prepare a worker: it ends soon after Ctrl-C, and at once with its parent."""
    finish_epoch_on_interrupt()
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
