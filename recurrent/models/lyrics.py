"""GRU, LSTM, deep and bidirectional networks on lyrics, after *Dive into Deep Learning*.

X_t is a batch of one-hot characters, H_t the hidden state. `Gru` and `Lstm` are the lecture's code
from scratch, symbol by symbol; `Stacked` is its concise form on nn.GRU and nn.LSTM.
"""

from typing import Annotated, Literal, cast

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn

from recurrent.models import base
from recurrent.models.base import State
from recurrent.models.fast import OneHot, OneHotRnn


class FromScratch(base.Model):
    """What both cells share: weights N(0, scale), biases 0, and the output Y = H W_hq + b_q."""

    class Settings(base.Settings):
        hidden: PositiveInt
        scale: PositiveFloat = 0.01  # standard deviation of the initial weights

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.W_hq, self.b_q = self._one(settings.hidden, outputs), self._zeros(outputs)

    def _three(self) -> tuple[nn.Parameter, nn.Parameter, nn.Parameter]:
        """Return the parameters of one gate: W_x, W_h and b."""
        hidden = self.settings.hidden
        return self._one(self.inputs, hidden), self._one(hidden, hidden), self._zeros(hidden)

    def _one(self, *shape: int) -> nn.Parameter:
        return nn.Parameter(torch.randn(*shape) * self.settings.scale)

    def _zeros(self, size: int) -> nn.Parameter:
        return nn.Parameter(torch.zeros(size))

    def first_state(self, ids: Tensor) -> Tensor:
        """Return the hidden state before the first character: zeros (batch, hidden)."""
        return self.b_q.new_zeros(len(ids), self.settings.hidden)


class Gru(FromScratch):
    """The gated recurrent unit.

    Z_t  = sigmoid(X_t W_xz + H_{t-1} W_hz + b_z)           update gate (更新门)
    R_t  = sigmoid(X_t W_xr + H_{t-1} W_hr + b_r)           reset gate (重置门)
    H~_t = tanh(X_t W_xh + R_t * (H_{t-1} W_hh) + b_h)      candidate hidden state
    H_t  = Z_t * H_{t-1} + (1 - Z_t) * H~_t
    """

    def __init__(self, inputs: int, outputs: int, settings: FromScratch.Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.W_xz, self.W_hz, self.b_z = self._three()
        self.W_xr, self.W_hr, self.b_r = self._three()
        self.W_xh, self.W_hh, self.b_h = self._three()

    def recurrent_matrices(self) -> dict[str, Tensor]:
        return {"z": self.W_hz, "r": self.W_hr, "h": self.W_hh}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        H = self.first_state(ids) if state is None else state
        hidden = []
        for X in OneHot(ids.T):
            Z = torch.sigmoid(X @ self.W_xz + H @ self.W_hz + self.b_z)
            R = torch.sigmoid(X @ self.W_xr + H @ self.W_hr + self.b_r)
            H_tilda = torch.tanh(X @ self.W_xh + R * (H @ self.W_hh) + self.b_h)
            H = Z * H + (1 - Z) * H_tilda
            hidden.append(H)
        return torch.stack(hidden, dim=1) @ self.W_hq + self.b_q, H


class Lstm(FromScratch):
    """Long short-term memory.

    I_t  = sigmoid(X_t W_xi + H_{t-1} W_hi + b_i)           input gate (输入门)
    F_t  = sigmoid(X_t W_xf + H_{t-1} W_hf + b_f)           forget gate (遗忘门)
    O_t  = sigmoid(X_t W_xo + H_{t-1} W_ho + b_o)           output gate (输出门)
    C~_t = tanh(X_t W_xc + H_{t-1} W_hc + b_c)              candidate memory cell
    C_t  = F_t * C_{t-1} + I_t * C~_t                       memory cell (记忆细胞)
    H_t  = O_t * tanh(C_t)
    """

    def __init__(self, inputs: int, outputs: int, settings: FromScratch.Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.W_xi, self.W_hi, self.b_i = self._three()
        self.W_xf, self.W_hf, self.b_f = self._three()
        self.W_xo, self.W_ho, self.b_o = self._three()
        self.W_xc, self.W_hc, self.b_c = self._three()

    def recurrent_matrices(self) -> dict[str, Tensor]:
        return {"i": self.W_hi, "f": self.W_hf, "o": self.W_ho, "c": self.W_hc}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        H, C = (self.first_state(ids), self.first_state(ids)) if state is None else state
        hidden = []
        for X in OneHot(ids.T):
            I = torch.sigmoid(X @ self.W_xi + H @ self.W_hi + self.b_i)
            F = torch.sigmoid(X @ self.W_xf + H @ self.W_hf + self.b_f)
            O = torch.sigmoid(X @ self.W_xo + H @ self.W_ho + self.b_o)
            C_tilda = torch.tanh(X @ self.W_xc + H @ self.W_hc + self.b_c)
            C = F * C + I * C_tilda
            H = O * torch.tanh(C)
            hidden.append(H)
        return torch.stack(hidden, dim=1) @ self.W_hq + self.b_q, (H, C)


class Stacked(base.Model):
    """nn.GRU or nn.LSTM on one-hot characters, in one or more layers and one or two directions.

    H^1 = cell(X)
    H^l = cell(H^{l-1})                       repair: none, as the lecture has it
          H^{l-1} + cell(H^{l-1})             residual: the gradient can bypass every layer
          H^{l-1} + cell(norm(H^{l-1}))       norm: in addition, each layer reads normalised input
    O   = H^L W_hq + b_q

    Without a repair, many layers never start to learn. A bidirectional network has already read the
    character that it predicts, so it is not a language model.
    """

    class Settings(base.Settings):
        cell: Literal["gru", "lstm"]
        hidden: PositiveInt  # of each direction
        layers: base.LayerCount = 1
        bidirectional: bool = False
        repair: Literal["none", "residual", "norm"] = "none"
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of each layer's output

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        cell, hidden = base.CELLS[settings.cell], settings.hidden
        width = hidden * (1 + settings.bidirectional)
        options = {"batch_first": True, "bidirectional": settings.bidirectional}
        self.first = OneHotRnn(cell(inputs, hidden, **options))
        self.above = nn.ModuleList(
            cell(width, hidden, **options) for _ in range(settings.layers - 1)
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(width) if settings.repair == "norm" else nn.Identity() for _ in self.above
        )
        self.dropout = nn.Dropout(settings.dropout)
        self.h2o = nn.Linear(width, outputs)

    def recurrent_matrices(self) -> dict[str, Tensor]:
        layers = [self.first.rnn, *(cast(nn.RNNBase, layer) for layer in self.above)]
        return {
            f"{number} {name}": matrix
            for number, layer in enumerate(layers, 1)
            for name, matrix in base.gate_matrices(layer).items()
        }

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        before = [None] * self.settings.layers if state is None else state
        h, last = self.first(ids, before[0])  # (batch, steps, directions * hidden)
        after = [last]
        for layer, norm, layer_state in zip(self.above, self.norms, before[1:], strict=True):
            x = self.dropout(h)
            y, last = layer(norm(x), layer_state)
            h = y if self.settings.repair == "none" else h + y
            after.append(last)
        return self.h2o(self.dropout(h)), tuple(after)
