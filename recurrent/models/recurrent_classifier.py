"""RNN, GRU and LSTM classifiers, stacked or bidirectional: they differ in the cell alone.

x_t = E[c_t];  h_1 … h_T = cell(x_1 … x_T);  o = W [last h of each direction] + b
"""

from collections.abc import Callable
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from recurrent.models import base as contract
from recurrent.models.base import State

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class RecurrentClassifier(contract.Model):
    """One answer a sequence, read from where each direction of the top layer ends."""

    class Settings(contract.Settings):
        cell: Literal["rnn", "gru", "lstm"]
        embedding: PositiveInt
        hidden: PositiveInt
        layers: contract.Layers = 1
        bidirectional: bool = False
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of what leaves a layer

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.directions = 2 if settings.bidirectional else 1
        self.embedding = nn.Embedding(inputs, settings.embedding)
        self.dropout = nn.Dropout(settings.dropout)
        self.cell = CELLS[settings.cell](
            settings.embedding,
            settings.hidden,
            settings.layers,
            batch_first=True,
            bidirectional=settings.bidirectional,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
        )
        self.h2o = nn.Linear(self.directions * settings.hidden, outputs)

    def recurrent(self) -> dict[str, Tensor]:
        return contract.of_gates(self.cell)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        x = self.embedding(ids)  # (batch, steps, embedding)
        h, state = self.cell(x, state)  # (batch, steps, directions * hidden)
        forward, *backward = h.chunk(self.directions, dim=-1)
        ends = [forward[:, -1], *(direction[:, 0] for direction in backward)]
        return self.h2o(self.dropout(torch.cat(ends, dim=-1))), state
