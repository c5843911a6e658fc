"""Sex from names (性别预测), after "Deep learning: recurrent networks, continued", by Yixuan Qiu.

A name is a sequence x = (x_1, x_2, …) of one-hot characters. The lecture adapts the network of
PyTorch's tutorial "Classifying names with a character-level RNN", and goes on to GRU, LSTM, stacked
and bidirectional networks.
"""

from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from recurrent.models import base
from recurrent.models.base import State
from recurrent.models.fast import Embedding, OneHotLinear, embedded_rnn


class CharRnnClassifier(base.Model):
    """The lecture's network: a plain RNN and one logistic output.

    h_t = tanh(i2h(cat(x_t, h_{t-1})))
    z = h2o(h_T)                    P(女) = sigmoid(z)

    The first class (男) has a fixed logit of 0, so the softmax over both classes is this sigmoid.
    """

    class Settings(base.Settings):
        hidden: PositiveInt

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.i2h = OneHotLinear(inputs, settings.hidden, settings.hidden)
        self.h2o = nn.Linear(settings.hidden, outputs - 1)

    def recurrent_matrices(self) -> dict[str, Tensor]:
        return {"h": self.i2h.linear.weight[:, self.inputs :]}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        hidden = state
        if hidden is None:
            hidden = self.i2h.linear.weight.new_zeros(len(ids), self.settings.hidden)
        for x in ids.T:  # (batch,)
            hidden = torch.tanh(self.i2h(x, hidden))
        z = self.h2o(hidden)
        return torch.cat([torch.zeros_like(z[:, :1]), z], dim=1), hidden


class TutorialClassifier(base.Model):
    """The tutorial's network: two linear layers on the character and the hidden state.

    combined = cat(x_t, h_{t-1})
    o_t = h2o(combined)             the prediction is o at the last character
    h_t = i2h(combined)

    As in the tutorial, there is no non-linearity between the steps.
    """

    class Settings(base.Settings):
        hidden: PositiveInt

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.i2h = OneHotLinear(inputs, settings.hidden, settings.hidden)
        self.h2o = OneHotLinear(inputs, settings.hidden, outputs)

    def recurrent_matrices(self) -> dict[str, Tensor]:
        return {"h": self.i2h.linear.weight[:, self.inputs :]}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        hidden = state
        if hidden is None:
            hidden = self.i2h.linear.weight.new_zeros(len(ids), self.settings.hidden)
        for x in ids.T:  # (batch,)
            output = self.h2o(x, hidden)
            hidden = self.i2h(x, hidden)
        return output, hidden


class RecurrentClassifier(base.Model):
    """RNN, GRU and LSTM, in one or more layers and one or two directions.

    x_t = E[c_t]
    h_1 … h_T = cell(x_1 … x_T)
    o = W [the last h of each direction] + b
    """

    class Settings(base.Settings):
        cell: Literal["rnn", "gru", "lstm"]
        embedding: PositiveInt
        hidden: PositiveInt  # of each direction
        layers: base.LayerCount = 1
        bidirectional: bool = False
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of each layer's output

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.directions = 2 if settings.bidirectional else 1
        self.embedding = Embedding(inputs, settings.embedding)
        self.dropout = nn.Dropout(settings.dropout)
        self.cell = base.CELLS[settings.cell](
            settings.embedding,
            settings.hidden,
            settings.layers,
            batch_first=True,
            bidirectional=settings.bidirectional,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
        )
        self.h2o = nn.Linear(self.directions * settings.hidden, outputs)

    def recurrent_matrices(self) -> dict[str, Tensor]:
        return base.gate_matrices(self.cell)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        # self.cell(self.embedding(ids), state): (batch, steps, directions * hidden)
        h, state = embedded_rnn(self.embedding, self.cell, ids, state)
        forward, *backward = h.chunk(self.directions, dim=-1)
        last = [forward[:, -1], *(direction[:, 0] for direction in backward)]
        return self.h2o(self.dropout(torch.cat(last, dim=-1))), state
