"""Small regressors, rows of symbols and of numbers, and something to learn of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from recurrent.models import base as contract
from recurrent.models.regressors import AT_ONCE

ROWS, ASKED = 300, AT_ONCE + 30  # more than go down the trees together
FIRST = torch.tensor([1, 9, 15, 20])  # each column's first symbol
MODELS: dict[str, dict[str, Any]] = {
    "NearestNeighbours": {"neighbours": 5},
    "Forest": {"trees": 7, "depth": 6},
    "BoostedTrees": {"rounds": 12, "depth": 3, "rate": 0.3, "share": 0.6},
}


def symbols(rows: int, seed: int) -> Tensor:
    """A symbol a column; the first row has each column's first."""
    torch.manual_seed(seed)
    levels = torch.stack([torch.randint(n, (rows,)) for n in (8, 6, 5, 2)], dim=1)
    levels[0] = 0
    return levels + FIRST


def vectors(rows: int, seed: int) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(rows, 5)


KINDS = pytest.mark.parametrize("kind", [symbols, vectors])
Kind = Callable[[int, int], Tensor]


def targets(rows: Tensor) -> Tensor:
    """Something to learn, and something that cannot be."""
    torch.manual_seed(9)
    return (rows.float().sin().sum(dim=1) / 8 + 0.5 + 0.02 * torch.randn(len(rows))).float()


def fitted(
    name: str, rows: Tensor, seed: int = 4, like: Tensor | None = None, **changes: Any
) -> contract.Model:
    """From a seed, on the targets of these rows, or of those that they are like."""
    spec = {"module": "regressors", "name": name, "inputs": 22, "outputs": 1}
    model = contract.build({**spec, "settings": {**MODELS[name], **changes}})
    shares = targets(rows if like is None else like)
    torch.manual_seed(seed)
    model.fit(rows, shares)
    return model.eval()


def answers(model: contract.Model, rows: Tensor) -> NDArray[np.float32]:
    shares, state = model(rows)
    assert shares.shape == (len(rows), 1) and shares.dtype == torch.float32 and state is None
    found: NDArray[np.float32] = shares[:, 0].numpy()
    return found
