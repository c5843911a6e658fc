"""The relative error of predicted numbers."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recurrent.data.sales.dataset import Table
from recurrent.evaluation.measured import Measured

BLOCK = 100  # rows, at least


def measure(
    data: Table, records: NDArray[np.int32], predictions: Mapping[int, NDArray[np.float64]]
) -> Measured:
    """Measure one variant, given its prediction for each row by seed."""
    truth = data.values[records]
    errors = {seed: np.abs(found - truth) / truth for seed, found in predictions.items()}
    averaged = np.abs(np.mean([*predictions.values()], axis=0) - truth) / truth
    several = len(predictions) > 1
    return Measured(
        metric="mape",
        by_seed={seed: {"mape": float(found.mean())} for seed, found in errors.items()},
        ensemble={"mape": float(averaged.mean())} if several else None,  # as in the paper
        bayes=data.bayes(data.measured),
        records=records,
        merit=-np.mean([*errors.values()], axis=0),
        ensemble_merit=-averaged if several else None,
        unit="rows",
        # Rows of one day are neighbours, and their errors are related. The column with the most
        # levels (the stores) says how many rows a day has.
        block=max(BLOCK, *map(len, data.columns.values())),
    )
