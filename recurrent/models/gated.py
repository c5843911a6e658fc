"""GRU and LSTM from scratch, gate by gate, as the lecture writes them.

X is one-hot: a vector with a single 1. Its product with a matrix is one row of the matrix, so
X W is looked up (`rows`), for all steps at once; what depends on H is computed step by step.
"""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import embedding

from recurrent.models import base as contract
from recurrent.models.base import State

Three = tuple[nn.Parameter, nn.Parameter, nn.Parameter]


class Gated(contract.Model):
    """What both have: weights N(0, scale), biases 0, and an output layer Y = H W_hq + b_q."""

    class Settings(contract.Settings):
        hidden: PositiveInt
        scale: PositiveFloat = 0.01  # standard deviation of the weights at first

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.W_hq, self.b_q = self._weight(settings.hidden, outputs), self._bias(outputs)

    def three(self) -> Three:
        """The weights of one gate: from the input, from the hidden state, and its bias."""
        hidden = self.settings.hidden
        return self._weight(self.inputs, hidden), self._weight(hidden, hidden), self._bias(hidden)

    def _weight(self, rows: int, columns: int) -> nn.Parameter:
        return nn.Parameter(torch.randn(rows, columns) * self.settings.scale)

    def _bias(self, size: int) -> nn.Parameter:
        return nn.Parameter(torch.zeros(size))

    def zeros(self, ids: Tensor) -> Tensor:
        """The hidden state before the first character: (batch, hidden)."""
        return self.b_q.new_zeros(len(ids), self.settings.hidden)


class Gru(Gated):
    """Update gate Z, reset gate R, candidate H~."""

    def __init__(self, inputs: int, outputs: int, settings: Gated.Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.W_xz, self.W_hz, self.b_z = self.three()
        self.W_xr, self.W_hr, self.b_r = self.three()
        self.W_xh, self.W_hh, self.b_h = self.three()

    def recurrent(self) -> dict[str, Tensor]:
        return {"z": self.W_hz, "r": self.W_hr, "h": self.W_hh}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        H = self.zeros(ids) if state is None else state
        hidden = []
        for XW_xz, XW_xr, XW_xh in zip(
            rows(self.W_xz, ids), rows(self.W_xr, ids), rows(self.W_xh, ids), strict=True
        ):
            Z = torch.sigmoid(XW_xz + H @ self.W_hz + self.b_z)
            R = torch.sigmoid(XW_xr + H @ self.W_hr + self.b_r)
            H_tilda = torch.tanh(XW_xh + R * (H @ self.W_hh) + self.b_h)
            H = Z * H + (1 - Z) * H_tilda
            hidden.append(H)
        return torch.stack(hidden, dim=1) @ self.W_hq + self.b_q, H


class Lstm(Gated):
    """Input gate I, forget gate F, output gate O, candidate C~; memory cell C."""

    def __init__(self, inputs: int, outputs: int, settings: Gated.Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.W_xi, self.W_hi, self.b_i = self.three()
        self.W_xf, self.W_hf, self.b_f = self.three()
        self.W_xo, self.W_ho, self.b_o = self.three()
        self.W_xc, self.W_hc, self.b_c = self.three()

    def recurrent(self) -> dict[str, Tensor]:
        return {"i": self.W_hi, "f": self.W_hf, "o": self.W_ho, "c": self.W_hc}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        H, C = (self.zeros(ids), self.zeros(ids)) if state is None else state
        hidden = []
        for XW_xi, XW_xf, XW_xo, XW_xc in zip(
            *(rows(W, ids) for W in (self.W_xi, self.W_xf, self.W_xo, self.W_xc)), strict=True
        ):
            I = torch.sigmoid(XW_xi + H @ self.W_hi + self.b_i)
            F = torch.sigmoid(XW_xf + H @ self.W_hf + self.b_f)
            O = torch.sigmoid(XW_xo + H @ self.W_ho + self.b_o)
            C_tilda = torch.tanh(XW_xc + H @ self.W_hc + self.b_c)
            C = F * C + I * C_tilda
            H = O * torch.tanh(C)
            hidden.append(H)
        return torch.stack(hidden, dim=1) @ self.W_hq + self.b_q, (H, C)


def rows(weight: Tensor, ids: Tensor) -> Tensor:
    """X W for one-hot X: (steps, batch, hidden)."""
    return embedding(ids.T, weight)
