"""Networks that read a row of categories: by a vector for each level, or one-hot (A10).

A row holds the number of a symbol a column, and no two columns share symbols. The output is the
logarithm of what is predicted, as a share of the largest: between 0 and 1.
"""

from itertools import pairwise

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.base import State

SMALL = 0.05  # vectors begin within it


class Layers(nn.Sequential):
    """relu(W x + b), layer by layer; then one number between 0 and 1."""

    def __init__(self, *sizes: int) -> None:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        super().__init__(*layers, nn.Linear(sizes[-1], 1), nn.Sigmoid())


def rows_of(table: nn.Embedding, ids: Tensor) -> Tensor:
    """A symbol's row of the table, for each: (batch, columns, width)."""
    if ids.is_floating_point():
        raise PipelineError(
            "reads levels, and this dataset has a network's vectors in their place.",
            where="params.yaml: model of module entities",
            remedy="Give it the dataset that was embedded.",
        )
    found: Tensor = table(ids)
    return found


class EntityEmbeddings(contract.Model):
    """Each level has a vector, as wide as its column asks; the row is all of them side by side."""

    class Settings(contract.Settings):
        widths: list[PositiveInt] = Field(min_length=1)  # of each column's vectors
        hidden: list[PositiveInt] = Field(min_length=1)  # of each layer

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.vectors = nn.Embedding(inputs, max(settings.widths))  # of a narrower column, the first
        nn.init.uniform_(self.vectors.weight, -SMALL, SMALL)
        self.layers = Layers(sum(settings.widths), *settings.hidden)

    def embedded(self, ids: Tensor) -> Tensor:
        if ids.shape[1] != len(self.settings.widths):
            raise PipelineError(
                f"{len(self.settings.widths)} widths, but rows have {ids.shape[1]} columns.",
                where="params.yaml: model EntityEmbeddings: settings: widths",
                remedy="Give one for each column of its dataset.",
            )
        columns = zip(rows_of(self.vectors, ids).unbind(dim=1), self.settings.widths, strict=True)
        return torch.cat([vectors[:, :width] for vectors, width in columns], dim=1)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        shares: Tensor = self.layers(self.embedded(ids))
        return shares, None


class OneHotEntities(contract.Model):
    """W x of a row in which the levels are 1 and all others 0: the sum of W's columns for them."""

    class Settings(contract.Settings):
        hidden: list[PositiveInt] = Field(min_length=1)

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        first, *others = settings.hidden
        self.of_symbol = nn.Embedding(inputs, first)
        nn.init.uniform_(self.of_symbol.weight, -(inputs**-0.5), inputs**-0.5)  # as nn.Linear does
        self.bias = nn.Parameter(torch.zeros(first))
        self.layers = Layers(first, *others)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        of_row = rows_of(self.of_symbol, ids).sum(dim=1) + self.bias
        shares: Tensor = self.layers(of_row.relu())
        return shares, None
