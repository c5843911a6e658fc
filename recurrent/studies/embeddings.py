"""Where a network has put the levels of each column: on a map, and against their true places."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from recurrent.data.sales.dataset import Table
from recurrent.models.base import Model

FEWEST = 3  # levels: two lie on a line, wherever they are


class Vectors(NamedTuple):
    """What a network has learned for the levels of one column."""

    column: str
    levels: list[str]
    found: NDArray[np.float64]  # (levels, width)


def vectors(network: Model, data: Table) -> list[Vectors]:
    """Of each column: rows that differ in it alone, so that only its vectors tell them apart."""
    sizes = [len(levels) for levels in data.columns.values()]
    starts = np.cumsum([1, *sizes])[:-1]
    found = []
    for place, (column, levels) in enumerate(data.columns.items()):
        if len(levels) < FEWEST:
            continue
        rows = np.tile(starts, (len(levels), 1))
        rows[:, place] += np.arange(len(levels))
        with torch.inference_mode():
            of_rows = network.embedded(torch.from_numpy(rows)).double().cpu().numpy()
        found.append(Vectors(column, levels, of_rows))
    return found


def drawn(of: Vectors) -> pd.DataFrame:
    """Its levels by the two first principal components, and the share of variance in them."""
    centred = of.found - of.found.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    left *= np.where(left[np.abs(left).argmax(axis=0), range(left.shape[1])] < 0, -1, 1)
    first, second = (left * sizes).T[:2]
    share = (sizes[:2] ** 2).sum() / (sizes**2).sum()
    return pd.DataFrame(
        {"column": of.column, "level": of.levels, "first": first, "second": second, "share": share}
    )


def distances(of: Vectors, places: dict[str, list[float]]) -> pd.DataFrame:
    """How far each two levels lie apart, as learned and in truth."""
    pairs = [*combinations(range(len(of.levels)), 2)]
    one, other = np.array(pairs).T
    true = np.array([places[level] for level in of.levels])
    return pd.DataFrame(
        {
            "column": of.column,
            "one": [of.levels[i] for i in one],
            "other": [of.levels[i] for i in other],
            "learned": np.linalg.norm(of.found[one] - of.found[other], axis=1),
            "true": np.linalg.norm(true[one] - true[other], axis=1),
        }
    )


def agreement(pairs: pd.DataFrame) -> float:
    """Spearman's rank correlation: 1 where what is further apart in truth is so as learned."""
    return float(spearmanr(pairs["learned"], pairs["true"]).statistic)
