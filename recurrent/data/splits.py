"""Random training, validation and test sets."""

import numpy as np
from numpy.typing import NDArray

from recurrent.common.errors import PipelineError

SPLITS = ("train", "valid", "test")
Indices = NDArray[np.int32]


def random_split(
    records: int, train: int | None, valid: float, test: float, seed: int
) -> dict[str, Indices]:
    """Return disjoint random sets. A size is a count (int) or a share; `train=None` is the rest."""
    sizes = {
        "test": test if isinstance(test, int) else round(test * records),
        "valid": valid if isinstance(valid, int) else round(valid * records),
    }
    rest = records - sum(sizes.values())
    sizes["train"] = rest if train is None else train
    if sizes["train"] > rest or min(sizes["train"], sizes["test"]) < 1:
        wanted = {**sizes, "train": "the rest"} if train is None else sizes
        raise PipelineError(
            f"{records:,} records are too few for {wanted}; train and test need at least one each.",
            where="params.yaml: datasets",
            remedy="Lower these sizes, or use a larger corpus.",
        )
    order = np.random.default_rng(seed).permutation(records).astype(np.int32)
    parts, start = {}, 0
    for name, size in sizes.items():
        parts[name] = np.sort(order[start : start + size])
        start += size
    return parts
