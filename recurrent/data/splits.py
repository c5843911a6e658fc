"""Split records at random into training, validation and test sets."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recurrent.common.errors import PipelineError

SPLITS = ("train", "valid", "test")
Indices = NDArray[np.int32]


def independent_draws(records: int, sizes: Mapping[str, int], seed: int) -> dict[str, Indices]:
    """Return a random set of each size; each is drawn from all records, so sets may overlap."""
    if max(sizes.values()) > records or min(sizes["train"], sizes["test"]) < 1:
        raise too_few(records, sizes)
    return {
        name: np.sort(np.random.default_rng([seed, place]).permutation(records)[:size]).astype(
            np.int32
        )
        for place, (name, size) in enumerate(sizes.items())
    }


def grouped_split(
    groups: NDArray[np.bytes_], valid: float, test: float, seed: int
) -> dict[str, Indices]:
    """Return random sets that split no group; sizes are counts (int) or shares of the groups."""
    names, group = np.unique(groups, return_inverse=True)
    of_groups = random_split(len(names), None, valid, test, seed)
    return {
        name: np.flatnonzero(np.isin(group, chosen)).astype(np.int32)
        for name, chosen in of_groups.items()
    }


def random_split(
    records: int, train: int | None, valid: float, test: float, seed: int
) -> dict[str, Indices]:
    """Return disjoint random sets; a size is a count (int) or a share, `train=None` the rest."""
    sizes = {
        "test": test if isinstance(test, int) else round(test * records),
        "valid": valid if isinstance(valid, int) else round(valid * records),
    }
    rest = records - sum(sizes.values())
    sizes["train"] = rest if train is None else train
    if sizes["train"] > rest or min(sizes["train"], sizes["test"]) < 1:
        raise too_few(records, {**sizes, "train": "the rest"} if train is None else sizes)
    order = np.random.default_rng(seed).permutation(records).astype(np.int32)
    parts, start = {}, 0
    for name, size in sizes.items():
        parts[name] = np.sort(order[start : start + size])
        start += size
    return parts


def too_few(records: int, wanted: Mapping[str, object]) -> PipelineError:
    """Return the error for a corpus that is too small for the wanted sets."""
    return PipelineError(
        f"{records:,} records are too few for {dict(wanted)}; train and test need at least one "
        "each.",
        where="params.yaml: datasets",
        remedy="Lower these sizes, or use a larger corpus.",
    )
