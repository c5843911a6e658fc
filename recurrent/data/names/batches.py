"""Batches as views: arrays of row numbers, never copies of the records."""

import numpy as np
from numpy.typing import NDArray


def of_equal_length(
    rows: NDArray[np.int32],
    lengths: NDArray[np.uint8],
    size: int,
    rng: np.random.Generator | None = None,
) -> list[NDArray[np.int32]]:
    """Row numbers in batches of one length each, so that no batch needs padding or a mask.

    With `rng`, rows are shuffled within their length and batches among each other.
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
