"""The order in which jobs are started, and how long they will take."""

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

DurationOf = Callable[[str], float | None]  # from a job's name to what it took before, if known


def no_jobs(_: Any) -> Iterable["Job"]:
    """Return no jobs."""
    return ()


def no_progress() -> float:
    """Return 0: the job does not report its progress."""
    return 0.0


@dataclass(frozen=True)
class Job:
    """Work for a worker process. Only `work` is called there; the others, in the parent."""

    key: str  # unique
    name: str  # for people, and to look up how long it took before
    work: Callable[[], Any]  # picklable, and so is what it returns
    finished: Callable[[], bool]  # whether the store has its result
    depends_on: frozenset[str] = frozenset()  # keys of the jobs that it waits for
    progress: Callable[[], float] = no_progress  # how much of it is done, from 0 to 1
    # Further jobs, given what `work` returned, or None if the job was finished already.
    next_jobs: Callable[[Any], Iterable["Job"]] = no_jobs
    here: bool = False  # done in the parent, one at a time: it starts processes of its own
    away: bool = False  # can be done on another machine


@dataclass
class Schedule:
    """Jobs that wait. First comes the job that starts the longest chain of jobs.

    A job of unknown duration comes before all others.
    """

    seconds: DurationOf
    waiting: dict[str, Job] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)  # keys of all jobs
    done: set[str] = field(default_factory=set)
    # Heaps of the jobs that can start, by `here` and `away`.
    _ready: defaultdict[tuple[bool, bool], list[tuple[float, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _lengths: dict[str, float] = field(default_factory=dict)  # of the chain from each job on
    _numbers: Iterator[int] = field(default_factory=count)  # equally long jobs keep their order

    def add(self, jobs: Iterable[Job]) -> None:
        """Add jobs, each after the jobs that it waits for. A known key is ignored."""
        new = list({job.key: job for job in jobs if job.key not in self.known}.values())
        self.known |= {job.key for job in new}
        self.waiting |= {job.key: job for job in new}
        self._lengths |= self._chains([*self.waiting.values()])
        for job in new:
            if job.depends_on <= self.done:
                self._push(job)

    def next(self, *, here: bool = False, away: bool | None = None) -> Job | None:
        """Remove and return the job to start now; None if all others wait for running ones.

        With `away`, consider only the jobs that can, or cannot, be done on another machine.
        """
        wanted = [(here, one) for one in ((False, True) if away is None else (away,))]
        ready = [self._ready[kind] for kind in wanted if self._ready[kind]]
        return self.waiting.pop(heapq.heappop(min(ready))[2]) if ready else None

    def put_back(self, job: Job) -> None:
        """Add a job again that was started and not done."""
        self.waiting[job.key] = job
        self._push(job)

    def finish(self, key: str) -> None:
        """Record that a job is done, so that the jobs that depend on it can start."""
        self.done.add(key)
        for job in self.waiting.values():
            if key in job.depends_on and job.depends_on <= self.done:
                self._push(job)

    def _push(self, job: Job) -> None:
        place = (-self._lengths[job.key], next(self._numbers), job.key)
        heapq.heappush(self._ready[job.here, job.away], place)

    def _chains(self, jobs: Sequence[Job]) -> dict[str, float]:
        """Return the length in seconds of the longest chain that starts with each job."""
        found: dict[str, float] = {}
        followers: dict[str, list[Job]] = {}
        for job in jobs:
            for key in job.depends_on:
                followers.setdefault(key, []).append(job)
        for job in reversed(jobs):  # a job is added after those that it waits for
            after = [found[follower.key] for follower in followers.get(job.key, ())]
            own = self.seconds(job.name)
            found[job.key] = (math.inf if own is None else own) + max(after, default=0.0)
        return found


def makespan(jobs: Iterable[Job], workers: int, seconds: Callable[[str], float]) -> float:
    """Return the seconds that `workers` workers need for these jobs, by simulation."""
    schedule, numbers, now = Schedule(seconds), count(), 0.0
    running: list[tuple[float, int, Job]] = []  # a heap: the first one ends next
    schedule.add(jobs)
    while True:
        while len(running) < workers and (job := schedule.next()):
            heapq.heappush(running, (now + seconds(job.name), next(numbers), job))
        if not running:
            return now
        now, _, job = heapq.heappop(running)
        schedule.finish(job.key)


class Estimate:
    """How long jobs take here: what they took before, times the pace of this machine."""

    def __init__(self, seconds: DurationOf) -> None:
        self.seconds = seconds
        self._took: list[float] = []
        self._here = self._before = 0.0  # sums over jobs of known duration

    def record(self, name: str, took: float) -> None:
        """Add what a job took here."""
        self._took.append(took)
        before = self.seconds(name)
        if before is not None:
            self._here, self._before = self._here + took, self._before + before

    def seconds_of(self, name: str) -> float | None:
        """Return how long a job will take, or None before any job has been timed."""
        before = self.seconds(name)
        if before is not None:
            return before * (self._here / self._before if self._before else 1.0)
        return sum(self._took) / len(self._took) if self._took else None

    def seconds_left(self, jobs: Iterable[tuple[str, float]], workers: int) -> float | None:
        """Return the seconds until all jobs are done, given their names and done shares."""
        open_ = [(self.seconds_of(name), 1 - share) for name, share in jobs]
        known = [(one, share) for one, share in open_ if one is not None]
        if not known:
            return None
        work = sum(one * share for one, share in known) * len(open_) / len(known)
        return max(work / workers, max(one * share for one, share in known))
