"""Batches of names of equal length, as arrays of row numbers."""

import numpy as np
from numpy.typing import NDArray

from recurrent.data.splits import Indices


def of_equal_length(
    rows: Indices,
    lengths: NDArray[np.uint8],
    size: int,
    rng: np.random.Generator | None = None,
) -> list[Indices]:
    """Return batches of one length each, so that no batch needs padding or a mask.

    `rng` shuffles the rows of each length, and then the batches.
    """
    order = rows if rng is None else rng.permutation(rows)
    batches = [
        same[start : start + size]
        for length in np.unique(lengths[rows])
        for same in [order[lengths[order] == length]]
        for start in range(0, len(same), size)
    ]
    turns = range(len(batches)) if rng is None else rng.permutation(len(batches))
    return [batches[turn] for turn in turns]
