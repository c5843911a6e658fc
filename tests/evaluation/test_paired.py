"""Paired differences: their standard error, and when a difference is significant."""

import numpy as np
import pytest

from recurrent.evaluation.paired import Difference, compare


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
    ("blocks", "errors", "verdict"),  # from few blocks, it takes more errors
    [
        (2, 12.6, "level"),
        (2, 12.8, "better"),
        (10, 2.2, "level"),
        (10, 2.3, "better"),
        (1000, 1.99, "level"),
        (1000, 2.01, "better"),
        (1000, 0.0, "level"),
        (10, -2.2, "level"),
        (10, -2.3, "worse"),
    ],
)
def test_a_small_difference_is_level(blocks: int, errors: float, verdict: str) -> None:
    assert Difference(0.003 * errors, 0.003, blocks).verdict == verdict


def test_neighbours_in_a_block_count_as_one() -> None:
    of_block = np.random.default_rng(0).normal(size=50)
    ours, theirs = np.repeat(of_block, 20), np.zeros(1000)  # 20 neighbours say one thing
    found = compare(ours, theirs, 20)
    assert found.mean == pytest.approx(of_block.mean())
    assert found.standard_error == pytest.approx(np.std(of_block, ddof=1) / np.sqrt(50))
    assert found.standard_error > 4 * compare(ours, theirs).standard_error


def test_records_that_fill_no_block_count_in_the_mean_alone() -> None:
    found = compare(np.array([1, 3, 2, 6, 50.0]), np.zeros(5), 2)  # blocks of mean 2 and 4
    assert found.mean == pytest.approx(62 / 5)
    assert found.standard_error == pytest.approx(np.std([2, 4], ddof=1) / np.sqrt(2))


def test_fewer_records_than_two_blocks_are_cut_in_two() -> None:
    found = compare(np.array([1, 3, 2, 6.0]), np.zeros(4), 100)
    assert found.blocks == 2
    assert found.standard_error == pytest.approx(np.std([2, 4], ddof=1) / np.sqrt(2))
