"""RNN, GRU and LSTM language models that read on: they differ in the cell alone.

x_t = E[c_t];  h_t = cell(x_t, h_{t-1});  o_t = W h_t + b
"""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from recurrent.models import base as contract
from recurrent.models.base import State

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class LanguageModel(contract.Model):
    """An answer after each character, and a state that the next window can begin with."""

    class Settings(contract.Settings):
        cell: Literal["rnn", "gru", "lstm"]
        embedding: PositiveInt
        hidden: PositiveInt
        layers: contract.Layers = 1
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of what leaves a layer

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.embedding = nn.Embedding(inputs, settings.embedding)
        self.dropout = nn.Dropout(settings.dropout)
        self.cell = CELLS[settings.cell](
            settings.embedding,
            settings.hidden,
            settings.layers,
            batch_first=True,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
        )
        self.h2o = nn.Linear(settings.hidden, outputs)

    def recurrent(self) -> dict[str, Tensor]:
        return contract.of_gates(self.cell)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        h, state = self.cell(self.embedding(ids), state)  # (batch, steps, hidden)
        return self.h2o(self.dropout(h)), state
