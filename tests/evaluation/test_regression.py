"""Percentage errors by hand on four rows."""

from dataclasses import replace

import numpy as np
import pytest

from recurrent.data.sales.dataset import Table
from recurrent.evaluation.measured import Measured
from recurrent.evaluation.regression import BLOCK, measure
from tests.training.toy import some_table

ROWS = np.array([3, 4, 5, 6], dtype=np.int32)
PREDICTIONS = {
    0: np.array([110.0, 160.0, 10.0, 1000.0]),  # errors: 0.1, 0.2, 0, 0
    7: np.array([130.0, 240.0, 11.0, 1400.0]),  # 0.3, 0.2, 0.1, 0.4
}


def four_rows() -> Table:
    """The last four of seven rows are test rows: 100, 200, 10, 1000."""
    train, valid = (np.array(rows, dtype=np.int32) for rows in ([0, 1], [2]))
    return replace(
        some_table(7),
        values=np.array([50.0, 60, 70, 100, 200, 10, 1000]),
        splits={"train": train, "valid": valid, "test": ROWS},
        bayes_values=np.array([1.0, 1, 1, 105, 200, 10, 950]),
    )


def of_seeds(*seeds: int) -> Measured:
    return measure(four_rows(), ROWS, {seed: PREDICTIONS[seed] for seed in seeds})


def test_the_error_is_the_mean_share_of_the_true_value() -> None:
    found = of_seeds(0, 7)
    assert found.by_seed == {
        0: {"mape": pytest.approx(0.075)},
        7: {"mape": pytest.approx(0.25)},
    }
    assert found.bayes == pytest.approx({"mape": (0.05 + 0.05) / 4})


def test_the_ensemble_averages_predictions() -> None:
    found = of_seeds(0, 7)  # 120, 200, 10.5, 1200
    assert found.ensemble == pytest.approx({"mape": (0.2 + 0 + 0.05 + 0.2) / 4})
    assert found.ensemble_merit is not None
    np.testing.assert_allclose(found.ensemble_merit, [-0.2, 0, -0.05, -0.2], atol=1e-12)
    assert (of_seeds(7).ensemble, of_seeds(7).ensemble_merit) == (None, None)


def test_the_merit_of_a_row_falls_with_its_error() -> None:
    found = of_seeds(0, 7)
    np.testing.assert_allclose(found.merit, [-0.2, -0.2, -0.05, -0.2], atol=1e-12)
    np.testing.assert_array_equal(found.records, ROWS)
    assert found.block == BLOCK
