"""The prediction interval covers as many further runs as it says."""

import math

import numpy as np
import pytest

from recurrent.evaluation.intervals import prediction_interval


def test_the_interval_of_two_runs_is_wide() -> None:
    found = prediction_interval([1.0, 2.0])
    reach = 12.7062 * math.sqrt(0.5) * math.sqrt(1.5)
    assert found == pytest.approx((1.5 - reach, 1.5 + reach), abs=1e-3)


@pytest.mark.parametrize("runs", [3, 10])
def test_it_holds_one_more_run_in_95_of_100_cases(runs: int) -> None:
    drawn = np.random.default_rng(0).normal(size=(4000, runs + 1))
    inside = 0
    for *seen, further in drawn.tolist():
        found = prediction_interval(seen)
        assert found is not None
        inside += found[0] <= further <= found[1]
    assert inside / len(drawn) == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.inf], [math.nan, 1.0]])
def test_without_two_finite_runs_there_is_none(values: list[float]) -> None:
    assert prediction_interval(values) is None
