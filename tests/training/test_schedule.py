"""The longest chain of jobs starts first, and the time left is estimated."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.training.schedule import Estimate, Job, Schedule, makespan


def job(key: str, *after: str, following: Iterable[Job] = ()) -> Job:
    """A job that does nothing."""
    return Job(key, key, print, bool, frozenset(after), next_jobs=lambda _: following)


def order(jobs: list[Job], seconds: dict[str, float]) -> list[str]:
    """The keys in the order in which one worker does the jobs."""
    schedule, found = Schedule(seconds.get), []
    schedule.add(jobs)
    while started := schedule.next():
        found.append(started.key)
        schedule.add(started.next_jobs(None))
        schedule.finish(started.key)
    return found


def test_the_longest_job_is_first_and_an_unknown_one_before_it() -> None:
    jobs = [job(key) for key in ("short", "long", "new", "longer")]
    assert order(jobs, {"short": 1, "long": 5, "longer": 6}) == ["new", "longer", "long", "short"]


def test_equally_long_jobs_keep_their_order() -> None:
    assert order([job(key) for key in "cab"], dict.fromkeys("abc", 1.0)) == ["c", "a", "b"]


def test_jobs_for_another_machine_can_be_taken_apart() -> None:
    jobs = [replace(job("a"), away=True), job("b"), replace(job("c"), away=True)]
    schedule = Schedule({"a": 1.0, "b": 2.0, "c": 3.0}.get)
    schedule.add(jobs)
    taken = [schedule.next(away=True), schedule.next(away=False), schedule.next(away=False)]
    assert [one and one.key for one in taken] == ["c", "b", None]
    assert schedule.next() == jobs[0], "without a cluster, either kind"


def test_the_start_of_the_longest_chain_is_first() -> None:
    jobs = [job("a"), job("b"), job("after b", "b")]
    assert order(jobs, {"a": 3, "b": 1, "after b": 4}) == ["b", "after b", "a"]


def test_a_job_waits_for_all_jobs_that_it_needs() -> None:
    schedule = Schedule({}.get)
    schedule.add([job("a"), job("b"), job("c", "a", "b")])
    assert [one.key for one in (schedule.next(), schedule.next()) if one] == ["a", "b"]
    assert schedule.next() is None
    schedule.finish("a")
    assert schedule.next() is None
    schedule.finish("b")
    found = schedule.next()
    assert found is not None and found.key == "c"


def test_jobs_are_added_while_others_run() -> None:
    later = [job("c"), job("d", "c")]
    assert order([job("a", following=later), job("b")], {}) == ["a", "b", "c", "d"]


def test_a_job_of_the_parent_is_not_for_workers_and_a_lost_one_starts_again() -> None:
    schedule = Schedule({}.get)
    schedule.add([replace(job("a"), here=True), job("b")])
    mine, theirs = schedule.next(here=True), schedule.next()
    assert mine is not None and theirs is not None and (mine.key, theirs.key) == ("a", "b")
    assert schedule.next() is None
    schedule.put_back(theirs)
    assert schedule.next() == theirs


def test_a_job_that_is_known_is_added_once() -> None:
    assert order([job("a"), job("a")], {}) == ["a"]


def test_the_makespan_of_some_workers() -> None:
    jobs = [job("a"), job("b"), job("c"), job("d", "a")]
    seconds = {"a": 2.0, "b": 3.0, "c": 3.0, "d": 2.0}.__getitem__
    assert [makespan(jobs, workers, seconds) for workers in (1, 2, 3, 9)] == [10, 5, 4, 4]
    assert makespan([], 2, seconds) == 0


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=20), st.integers(1, 5))
def test_no_worker_waits_while_there_is_work(lengths: list[float], workers: int) -> None:
    seconds = {str(number): length for number, length in enumerate(lengths)}
    took = makespan([job(key) for key in seconds], workers, seconds.__getitem__)
    best = max(max(lengths), sum(lengths) / workers)
    assert best - 1e-6 <= took <= sum(lengths) / workers + max(lengths) + 1e-6


def test_the_time_left_follows_the_pace_of_this_machine() -> None:
    estimate = Estimate({"a": 10.0, "b": 20.0, "c": 5.0}.get)
    assert estimate.seconds_left([("a", 0.0), ("b", 0.5)], 1) == 20
    assert (
        estimate.seconds_left([("a", 0.0), ("b", 0.5)], 4) == 10
    )  # no job ends sooner with more workers
    estimate.record("c", 10.0)
    assert estimate.seconds_left([("a", 0.0), ("b", 0.5)], 1) == 40


def test_jobs_of_unknown_length_take_as_long_as_others() -> None:
    estimate = Estimate({}.get)
    assert estimate.seconds_left([("a", 0.0)], 1) is None
    estimate.record("b", 4.0)
    assert estimate.seconds_left([("a", 0.0), ("c", 0.0)], 1) == pytest.approx(8)
