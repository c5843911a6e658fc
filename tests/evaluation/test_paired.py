"""Paired differences: their standard error, and when a difference is significant."""

import numpy as np
import pytest

from recurrent.evaluation.paired import Difference, compare, over_seeds


def test_the_error_is_that_of_paired_differences() -> None:
    found = compare(np.array([1, 1, 1, 0.0]), np.array([1, 0, 1, 1.0]))
    assert found.mean == 0
    assert found.standard_error == pytest.approx(np.std([0, 1, 0, -1], ddof=1) / 2)


def test_models_that_err_on_the_same_records_differ_surely() -> None:
    rng = np.random.default_rng(0)
    theirs = (rng.random(1000) < 0.8).astype(float)
    ours = theirs.copy()
    ours[np.flatnonzero(theirs == 0)[:30]] = 1
    found = compare(ours, theirs)
    assert found.mean == pytest.approx(0.03)
    assert found.standard_error < np.sqrt(0.8 * 0.2 / 1000) / 2  # that of one model


@pytest.mark.parametrize(
    ("degrees", "errors", "verdict"),  # with few degrees of freedom, it takes more errors
    [
        (1.0, 12.6, "level"),
        (1.0, 12.8, "better"),
        (9.0, 2.2, "level"),
        (9.0, 2.3, "better"),
        (1e6, 1.95, "level"),
        (1e6, 1.97, "better"),
        (1e6, 0.0, "level"),
        (9.0, -2.2, "level"),
        (9.0, -2.3, "worse"),
        (None, 0.1, "better"),  # without any spread
        (None, 0.0, "level"),
    ],
)
def test_a_small_difference_is_level(degrees: float | None, errors: float, verdict: str) -> None:
    error = 0.0 if degrees is None else 0.003
    assert Difference(0.003 * errors, error, degrees).verdict == verdict


def test_seeds_add_their_variance_and_satterthwaite_counts_the_degrees() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0.5, 1, 200), np.zeros(200)
    alone = compare(ours, theirs)
    assert alone.degrees == pytest.approx(199)
    seeds = over_seeds([0.1, 0.5, 0.9])
    assert seeds is not None
    assert seeds == (pytest.approx(0.16 / 3), 2)
    both = compare(ours, theirs, seeds=[seeds])
    assert both.standard_error**2 == pytest.approx(alone.standard_error**2 + 0.16 / 3)
    assert both.degrees is not None and 2 < both.degrees < 3, "the seeds dominate"
    assert (alone.verdict, both.verdict) == ("better", "level")
    assert over_seeds([0.1]) is None


def test_the_error_covers_seeds_and_records_of_a_simulated_experiment() -> None:
    """Records, seeds, and seeds on records: the error is right or slightly too large."""
    rng = np.random.default_rng(1)
    means, errors = [], []
    for _ in range(2000):
        found = 0.3 + rng.normal(size=50) + rng.normal(size=(4, 1)) * 0.2 + rng.normal(size=(4, 50))
        seeds = over_seeds([*found.mean(axis=1)])
        assert seeds is not None
        one = compare(found.mean(axis=0), np.zeros(50), seeds=[seeds])
        means.append(one.mean)
        errors.append(one.standard_error**2)
    assert 1 < np.mean(errors) / np.var(means) < 1.25


def test_neighbours_in_a_block_count_as_one() -> None:
    of_block = np.random.default_rng(0).normal(size=50)
    ours, theirs = np.repeat(of_block, 20), np.zeros(1000)  # 20 neighbours say one thing
    found = compare(ours, theirs, 20)
    assert found.mean == pytest.approx(of_block.mean())
    assert found.standard_error == pytest.approx(np.std(of_block, ddof=1) / np.sqrt(50))
    assert found.standard_error > 4 * compare(ours, theirs).standard_error


def test_records_that_fill_no_block_count_in_the_mean_alone() -> None:
    values = [1, 3, 2, 6, 5, 5, 0, 2, 4, 8, 50.0]  # blocks of mean 2, 4, 5, 1 and 6
    found = compare(np.array(values), np.zeros(11), 2)
    assert found.mean == pytest.approx(sum(values) / 11)
    assert found.standard_error == pytest.approx(np.std([2, 4, 5, 1, 6], ddof=1) / np.sqrt(5))


def test_there_are_at_least_five_blocks_if_there_are_five_records() -> None:
    found = compare(np.array([1, 3, 2, 6, 5, 5, 0, 2, 4, 8.0]), np.zeros(10), 100)
    assert found.degrees == pytest.approx(4)
    assert found.standard_error == pytest.approx(np.std([2, 4, 5, 1, 6], ddof=1) / np.sqrt(5))
    assert compare(np.array([1, 3.0]), np.zeros(2), 100).degrees == pytest.approx(1)
