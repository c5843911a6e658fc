"""How far predicted numbers are from what was measured, as a share of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recurrent.data.sales.dataset import Table
from recurrent.evaluation.aggregate import over_seeds
from recurrent.evaluation.measured import Measured

BLOCK = 100  # rows at least, that count as one


def measured(
    data: Table, records: NDArray[np.int32], said: Mapping[int, NDArray[np.float64]]
) -> Measured:
    """`said` is what a model answered for each record, by seed."""
    values = data.values[records]
    errors = {seed: np.abs(found - values) / values for seed, found in said.items()}
    by_seed = {seed: {"mape": float(found.mean())} for seed, found in errors.items()}
    averaged = np.abs(np.mean([*said.values()], axis=0) - values) / values
    report: dict[str, Any] = {
        "protocol": "held-out",
        "on": f"the last {len(records):,} rows",
        "rows": len(records),
        "floor": data.floor(data.measured),
        "by_seed": by_seed,
        **over_seeds(by_seed),
    }
    if len(said) > 1:  # as the paper has its five networks
        report["together"] = {"mape": float(averaged.mean())}
    return Measured(
        report=report,
        records=records,
        merit=-np.mean([*errors.values()], axis=0),
        together=-averaged if len(said) > 1 else None,
        # Rows of a day are neighbours, and what it had of its own is in all of them: as many as
        # the column with most levels has, of sales the stores.
        block=max(BLOCK, *map(len, data.columns.values())),
    )
