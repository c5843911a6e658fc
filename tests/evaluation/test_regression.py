"""Errors as shares of what was measured, by hand on four rows."""

from dataclasses import replace

import numpy as np
import pytest

from recurrent.data.sales.dataset import Table
from recurrent.evaluation.measured import Measured
from recurrent.evaluation.regression import BLOCK, measured
from tests.training.toy import some_table

ROWS = np.array([3, 4, 5, 6], dtype=np.int32)
SAID = {
    0: np.array([110.0, 160.0, 10.0, 1000.0]),  # errors: 0.1, 0.2, 0, 0
    7: np.array([130.0, 240.0, 11.0, 1400.0]),  # 0.3, 0.2, 0.1, 0.4
}


def four_rows() -> Table:
    """Of seven rows, the last four measure: 100, 200, 10, 1000."""
    train, valid = (np.array(rows, dtype=np.int32) for rows in ([0, 1], [2]))
    return replace(
        some_table(7),
        values=np.array([50.0, 60, 70, 100, 200, 10, 1000]),
        splits={"train": train, "valid": valid, "test": ROWS},
        best=np.array([1.0, 1, 1, 105, 200, 10, 950]),
    )


def of_seeds(*seeds: int) -> Measured:
    return measured(four_rows(), ROWS, {seed: SAID[seed] for seed in seeds})


def test_the_error_is_the_mean_of_shares_by_seed() -> None:
    report = of_seeds(0, 7).report
    assert report["by_seed"] == {
        0: {"mape": pytest.approx(0.075)},
        7: {"mape": pytest.approx(0.25)},
    }
    assert report["mean"] == {"mape": pytest.approx(0.1625)}
    assert report["spread"] == {"mape": pytest.approx(0.175 / 2**0.5, abs=1e-6)}


def test_the_seeds_together_are_their_answers_averaged() -> None:
    found = of_seeds(0, 7)  # 120, 200, 10.5, 1200
    assert found.report["together"] == {"mape": pytest.approx((0.2 + 0 + 0.05 + 0.2) / 4)}
    assert found.together is not None
    np.testing.assert_allclose(found.together, [-0.2, 0, -0.05, -0.2], atol=1e-12)


def test_one_seed_is_nothing_together_and_has_no_spread() -> None:
    found = of_seeds(7)
    assert found.together is None
    assert not {"together", "spread"} & found.report.keys()
    assert found.report["mean"] == {"mape": pytest.approx(0.25)}


def test_the_merit_of_a_row_is_less_the_larger_its_error() -> None:
    found = of_seeds(0, 7)
    np.testing.assert_allclose(found.merit, [-0.2, -0.2, -0.05, -0.2], atol=1e-12)
    np.testing.assert_array_equal(found.records, ROWS)
    assert (found.block, found.ground, found.samples) == (BLOCK, "", {})


def test_the_floor_is_the_error_of_the_best_answers_to_the_same_rows() -> None:
    assert of_seeds(0).report["floor"] == {"mape": pytest.approx((0.05 + 0.05) / 4)}
    unknown = replace(four_rows(), best=None)
    assert measured(unknown, ROWS, SAID).report["floor"] is None


def test_a_report_says_on_what_it_was_measured() -> None:
    report = of_seeds(0).report
    assert (report["protocol"], report["on"]) == ("held-out", "the last 4 rows")
    assert report["rows"] == 4
