"""Lesson 6, "RNNs from scratch": predict the next character of Nietzsche's text.

The layers have the lecture's names: e embeds a character, l_in is the green arrow (input to
hidden), l_hidden the orange one (hidden to hidden), l_out the blue one (hidden to output).
The networks return logits; the loss applies the lecture's log_softmax.
"""

from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import State
from recurrent.models.fast import Embedding, cat_linear, embedded_rnn, per_character


class Sizes(base.Settings):
    """The widths of the lecture's networks."""

    embedding: PositiveInt  # n_fac
    hidden: PositiveInt  # n_hidden


class Char3(base.Model):
    """Predict character 4 from characters 1 to 3: the recurrence unrolled by hand."""

    Settings = Sizes

    def __init__(self, inputs: int, outputs: int, settings: Sizes) -> None:
        super().__init__(inputs, outputs, settings)
        self.e = Embedding(inputs, settings.embedding)
        self.l_in = nn.Linear(settings.embedding, settings.hidden)
        self.l_hidden = nn.Linear(settings.hidden, settings.hidden)
        self.l_out = nn.Linear(settings.hidden, outputs)

    def recurrent_matrices(self) -> dict[str, Tensor]:
        return {"h": self.l_hidden.weight}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        if ids.shape[1] != 3:
            raise PipelineError(
                f"Char3 reads 3 characters, got {ids.shape[1]}.",
                where="params.yaml: model Char3",
                remedy="Use a dataset with `window: 3`, or a prefix of at least 3 characters.",
            )
        inp = per_character(self.e, lambda e: F.relu(self.l_in(e)))
        in1, in2, in3 = (inp(c) for c in ids.T)

        h = torch.zeros_like(in1)
        h = torch.tanh(self.l_hidden(h + in1))
        h = torch.tanh(self.l_hidden(h + in2))
        h = torch.tanh(self.l_hidden(h + in3))
        return self.l_out(h), h


class CharLoop(Char3):
    """The same layers in a loop over any number of characters: "this is an RNN!"."""

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        inp = per_character(self.e, lambda e: F.relu(self.l_in(e)))
        h = self.e.weight.new_zeros(len(ids), self.settings.hidden) if state is None else state
        for c in ids.T:  # (batch,)
            h = torch.tanh(self.l_hidden(h + inp(c)))  # the sum loses information
        return self.l_out(h), h


class CharLoopConcat(base.Model):
    """The loop over cat(h, e(c)) instead of the sum: no information is lost."""

    Settings = Sizes

    def __init__(self, inputs: int, outputs: int, settings: Sizes) -> None:
        super().__init__(inputs, outputs, settings)
        self.e = Embedding(inputs, settings.embedding)
        self.l_in = nn.Linear(settings.hidden + settings.embedding, settings.hidden)
        self.l_hidden = nn.Linear(settings.hidden, settings.hidden)
        self.l_out = nn.Linear(settings.hidden, outputs)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        l_in = cat_linear(self.l_in, self.e)  # (h, c) -> self.l_in(cat((h, self.e(c)), 1))
        h = self.e.weight.new_zeros(len(ids), self.settings.hidden) if state is None else state
        for c in ids.T:  # (batch,)
            inp = F.relu(l_in(h, c))
            h = torch.tanh(self.l_hidden(inp))
        return self.l_out(h), h


class CharRnn(base.Model):
    """The loop as nn.RNN: h_t = tanh(W_ih e(c_t) + b_ih + W_hh h_{t-1} + b_hh)."""

    class Settings(Sizes):
        recurrent_init: Literal["random", "identity"] = "random"  # W_hh before training

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.e = Embedding(inputs, settings.embedding)
        self.rnn = nn.RNN(settings.embedding, settings.hidden, batch_first=True)
        self.l_out = nn.Linear(settings.hidden, outputs)
        if settings.recurrent_init == "identity":
            # A product of identity matrices neither vanishes nor explodes.
            nn.init.eye_(self.rnn.get_parameter("weight_hh_l0"))

    def recurrent_matrices(self) -> dict[str, Tensor]:
        return base.gate_matrices(self.rnn)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        outp, h = embedded_rnn(self.e, self.rnn, ids, state)  # self.rnn(self.e(ids), state)
        return self.l_out(outp[:, -1]), h


class CharSeqRnn(CharRnn):
    """The multi-output model: predict characters 2 to n from characters 1 to n-1."""

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        outp, h = embedded_rnn(self.e, self.rnn, ids, state)  # self.rnn(self.e(ids), state)
        return self.l_out(outp), h


class StatefulRnn(base.Model):
    """RNN, GRU and LSTM that keep their state from window to window, as later in lesson 6.

    x_t = E[c_t]
    h_t = cell(x_t, h_{t-1})
    o_t = W h_t + b
    """

    class Settings(Sizes):
        cell: Literal["rnn", "gru", "lstm"]
        layers: base.LayerCount = 1
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of each layer's output

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.embedding = Embedding(inputs, settings.embedding)
        self.dropout = nn.Dropout(settings.dropout)
        self.cell = base.CELLS[settings.cell](
            settings.embedding,
            settings.hidden,
            settings.layers,
            batch_first=True,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
        )
        self.h2o = nn.Linear(settings.hidden, outputs)

    def recurrent_matrices(self) -> dict[str, Tensor]:
        return base.gate_matrices(self.cell)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        h, state = embedded_rnn(self.embedding, self.cell, ids, state)  # (batch, steps, hidden)
        return self.h2o(self.dropout(h)), state
