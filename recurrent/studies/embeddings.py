"""A10: the vectors that a network learned for the levels of each column, as maps and distances.

Guo and Berkhahn draw the first two principal components of each embedding, and compare distances
between vectors of German states with distances on the map of Germany.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from recurrent.data.sales.dataset import Table
from recurrent.models.base import Model

FEWEST = 3  # levels: two points are always on a line


class Embedding(NamedTuple):
    """The learned vectors of one column."""

    column: str
    levels: list[str]
    vectors: NDArray[np.float64]  # (levels, width)


def learned(network: Model, data: Table) -> list[Embedding]:
    """Return the embedding of each column with enough levels.

    For each column we embed rows that differ in that column only. `vectors` also contains the
    vectors of the other columns, which are constant.
    """
    sizes = [len(levels) for levels in data.columns.values()]
    starts = np.cumsum([1, *sizes])[:-1]
    found = []
    for place, (column, levels) in enumerate(data.columns.items()):
        if len(levels) < FEWEST:
            continue
        rows = np.tile(starts, (len(levels), 1))
        rows[:, place] += np.arange(len(levels))
        with torch.inference_mode():
            vectors = network.embedded(torch.from_numpy(rows)).double().cpu().numpy()
        found.append(Embedding(column, levels, vectors))
    return found


def principal_components(embedding: Embedding) -> pd.DataFrame:
    """Return each level's first two principal components, and their share of the variance."""
    centred = embedding.vectors - embedding.vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    # The sign of a component is arbitrary: make its largest entry positive.
    left *= np.where(left[np.abs(left).argmax(axis=0), range(left.shape[1])] < 0, -1, 1)
    first, second = (left * sizes).T[:2]
    return pd.DataFrame(
        {
            "column": embedding.column,
            "level": embedding.levels,
            "first": first,
            "second": second,
            "share": (sizes[:2] ** 2).sum() / (sizes**2).sum(),
        }
    )


def distances(embedding: Embedding, places: dict[str, list[float]]) -> pd.DataFrame:
    """Return the distances of each pair of levels: of their vectors, and of their true places."""
    pairs = [*combinations(range(len(embedding.levels)), 2)]
    one, other = np.array(pairs).T
    true = np.array([places[level] for level in embedding.levels])
    vectors = embedding.vectors
    return pd.DataFrame(
        {
            "column": embedding.column,
            "one": [embedding.levels[i] for i in one],
            "other": [embedding.levels[i] for i in other],
            "learned": np.linalg.norm(vectors[one] - vectors[other], axis=1),
            "true": np.linalg.norm(true[one] - true[other], axis=1),
        }
    )


def rank_correlation(pairs: pd.DataFrame) -> float:
    """Return Spearman's correlation of learned and true distances: 1 if their order agrees."""
    return float(spearmanr(pairs["learned"], pairs["true"]).statistic)
