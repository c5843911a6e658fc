"""Which records train, which choose, which measure."""

import numpy as np
from numpy.typing import NDArray

from recurrent.errors import PipelineError

Indices = NDArray[np.int32]


def random_split(
    records: int, train: int | None, valid: float, test: float, seed: int
) -> dict[str, Indices]:
    """Disjoint random sets. Sizes are counts (integers) or shares; `train=None`: all the rest."""
    sizes = {
        "test": test if isinstance(test, int) else round(test * records),
        "valid": valid if isinstance(valid, int) else round(valid * records),
    }
    rest = records - sum(sizes.values())
    sizes["train"] = rest if train is None else train
    if sizes["train"] > rest or min(sizes["train"], sizes["test"]) < 1:
        asked = {**sizes, "train": "what is left"} if train is None else sizes
        raise PipelineError(
            f"{records:,} records do not suffice for {asked}, of train and test one at least.",
            where="params.yaml: datasets",
            remedy="Ask for fewer, or use a larger corpus.",
        )
    order = np.random.default_rng(seed).permutation(records).astype(np.int32)
    parts, start = {}, 0
    for name, size in sizes.items():
        parts[name] = np.sort(order[start : start + size])
        start += size
    return parts
