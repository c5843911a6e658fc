"""What multiplies the hidden state from step to step: singular values and spectral radius."""

import numpy as np
import torch
from numpy.typing import NDArray

from recurrent.models.base import Model

RANKS = 40  # of the singular values that are kept: the largest ones, and a sample of the rest


def singular_values(model: Model) -> dict[str, NDArray[np.float64]]:
    """Of each recurrent matrix, largest first."""
    return {
        name: torch.linalg.svdvals(matrix.detach().double()).numpy()
        for name, matrix in model.recurrent().items()
    }


def radius(model: Model) -> float:
    """The largest absolute eigenvalue of any recurrent matrix."""
    return max(
        float(torch.linalg.eigvals(matrix.detach().double()).abs().max())
        for matrix in model.recurrent().values()
    )


def ranks(size: int) -> NDArray[np.int64]:
    """Ranks from 1 to `size`, close together among the first."""
    return np.unique(np.geomspace(1, size, min(RANKS, size)).round().astype(np.int64))
