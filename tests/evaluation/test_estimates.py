"""Means over seeds, and the uncertainty of their differences."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from recurrent.evaluation.estimates import Estimate

VALUES = st.lists(st.floats(-5, 5), min_size=2, max_size=6).filter(lambda v: np.std(v) > 0.01)


def estimate(values: list[float], model: str = "a/b") -> Estimate:
    return Estimate.over_seeds(dict(enumerate(values)), model, "bundled")


@given(VALUES)
def test_the_interval_of_a_mean_is_students(values: list[float]) -> None:
    wanted = stats.ttest_1samp(values, 0).confidence_interval()
    found = estimate(values)
    assert found.mean - found.half_width == pytest.approx(wanted.low)
    assert found.mean + found.half_width == pytest.approx(wanted.high)


@given(VALUES, VALUES)
def test_the_interval_of_a_difference_of_models_is_welchs(
    ours: list[float], theirs: list[float]
) -> None:
    wanted = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval()
    found = estimate(ours).minus(estimate(theirs, "c/d"))
    assert found.mean - found.half_width == pytest.approx(wanted.low)
    assert found.mean + found.half_width == pytest.approx(wanted.high)
    assert found.models == ("a/b", "c/d")
    assert found.seeds == min(len(ours), len(theirs))


def test_a_model_is_compared_with_itself_seed_by_seed() -> None:
    found = estimate([1.0, 2.0, 3.0]).minus(estimate([0.0, 1.0, 2.0]))
    assert (found.mean, found.half_width, found.seeds) == (1.0, 0.0, 3)
    assert found.models == ("a/b",)
    fewer = estimate([1.0, 2.0, 3.0]).minus(estimate([0.0, 1.0]))
    assert fewer.half_width > 0, "not the same seeds"


def test_one_seed_and_plain_numbers_add_no_variance() -> None:
    one = estimate([2.0])
    assert (one.half_width, one.seeds) == (0.0, 1)
    many = estimate([1.0, 2.0, 3.0], "c/d")
    assert one.minus(many).variance == pytest.approx(many.variance)
    assert (one.minus(many).seeds, one.minus(many).half_width) == (1, 0)
    assert Estimate(1.0).minus(Estimate(2.0)) == Estimate(-1.0)
    assert many.minus(Estimate(2.0)).seeds == 3
    assert math.isinf(one.freedom)
