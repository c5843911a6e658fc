"""D5: the singular values and the spectral radius of the matrices that multiply a hidden state.

A matrix stretches a vector at most by its largest singular value. Over many steps the spectral
radius, its largest absolute eigenvalue, decides: above 1 its powers grow, below 1 they vanish.
"""

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from recurrent.models.base import Model

RANKS = 40  # of the singular values to keep: the largest ones, and a sample of the rest


def singular_values(model: Model) -> dict[str, NDArray[np.float64]]:
    """Return the singular values of each recurrent matrix, largest first."""
    return {
        name: torch.linalg.svdvals(matrix.detach().double()).numpy()
        for name, matrix in model.recurrent_matrices().items()
    }


def spectral_radius(model: Model) -> float:
    """Return the largest absolute eigenvalue of any recurrent matrix."""
    return max(
        float(torch.linalg.eigvals(matrix.detach().double()).abs().max())
        for matrix in model.recurrent_matrices().values()
    )


def table(values: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Return a sample of the singular values of each matrix."""
    return pd.DataFrame(
        [
            {"matrix": name, "rank": rank, "singular_value": found[rank - 1]}
            for name, found in values.items()
            for rank in ranks(len(found))
        ]
    )


def ranks(size: int) -> NDArray[np.int64]:
    """Return ranks from 1 to `size`, dense among the first."""
    return np.unique(np.geomspace(1, size, min(RANKS, size)).round().astype(np.int64))
