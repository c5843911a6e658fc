"""The lecture's concise networks: nn.GRU and nn.LSTM on one-hot characters, one layer or many.

H^1 = cell(X);  H^l = cell(H^{l-1});  O = H^L W_hq + b_q

Two repairs under which many layers train: `residual` H^l = H^{l-1} + cell(H^{l-1}), so that the
gradient has a way past every layer; `norm` H^l = H^{l-1} + cell(norm(H^{l-1})), so that what a
layer reads is of one scale as well.
"""

from collections.abc import Callable
from typing import Annotated, Literal, cast

import torch
import torch.nn.functional as F
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from recurrent.models import base as contract
from recurrent.models.base import State

Parts = tuple[Tensor, ...]  # h of a GRU, h and c of an LSTM: (batch, hidden) each
Step = Callable[[Tensor, Parts, Tensor, Tensor], Parts]
CELLS: dict[str, Callable[..., nn.RNNBase]] = {"gru": nn.GRU, "lstm": nn.LSTM}


def gru(x: Tensor, state: Parts, w_hh: Tensor, b_hh: Tensor) -> Parts:
    """One step, as nn.GRU; x is what the input contributes to the three gates."""
    (h,) = state
    x_r, x_z, x_n = x.chunk(3, dim=1)
    h_r, h_z, h_n = torch.addmm(b_hh, h, w_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (n + z * (h - n),)


def lstm(x: Tensor, state: Parts, w_hh: Tensor, b_hh: Tensor) -> Parts:
    """One step, as nn.LSTM."""
    h, c = state
    i, f, g, o = torch.addmm(x + b_hh, h, w_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


class OneHot(nn.Module):
    """A recurrent layer that reads characters: its numbers are those of one-hot vectors.

    W_ih X + b_ih of a one-hot X is one column of W_ih: looked up, for all steps and gates at once.
    """

    def __init__(self, rnn: nn.RNNBase) -> None:
        super().__init__()
        self.rnn = rnn
        self.step: Step = lstm if rnn.mode == "LSTM" else gru
        self.parts = 2 if rnn.mode == "LSTM" else 1  # of a state

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        if ids.is_cuda:  # cuDNN's kernel beats a loop there
            one_hot = F.one_hot(ids, self.rnn.input_size)
            dtype = self.rnn.get_parameter("weight_ih_l0").dtype
            found: tuple[Tensor, State] = self.rnn(one_hot.to(dtype), state)
            return found
        before = (state,) if isinstance(state, Tensor) else state
        h, last = self._run(ids, before, side=0)
        directions, lasts = [h], [last]
        if self.rnn.bidirectional:
            h, last = self._run(ids.flip(1), before, side=1)
            directions.append(h.flip(1))
            lasts.append(last)
        after = tuple(torch.stack(parts) for parts in zip(*lasts, strict=True))
        return torch.cat(directions, dim=2), after if self.parts == 2 else after[0]

    def _run(self, ids: Tensor, before: Parts | None, side: int) -> tuple[Tensor, Parts]:
        """One direction: its h at every step (batch, steps, hidden), and its last state."""
        w_ih, w_hh, b_ih, b_hh = (
            self.rnn.get_parameter(f"{name}_l0{'_reverse' * side}")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        zeros = w_ih.new_zeros(len(ids), self.rnn.hidden_size)
        state = tuple(part[side] for part in before) if before else (zeros,) * self.parts
        hidden = []
        for x in F.embedding(ids.T, w_ih.T) + b_ih:  # (batch, gates * hidden) a step
            state = self.step(x, state, w_hh.T, b_hh)
            hidden.append(state[0])
        return torch.stack(hidden, dim=1), state


class Stacked(contract.Model):
    """An answer after each character, and a state that the next window can begin with."""

    class Settings(contract.Settings):
        cell: Literal["gru", "lstm"]
        hidden: PositiveInt  # of each direction
        layers: contract.Layers = 1
        bidirectional: bool = False  # then it has read what it is asked for: no language model
        repair: Literal["none", "residual", "norm"] = "none"
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of what leaves a layer

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        cell, hidden = CELLS[settings.cell], settings.hidden
        width = hidden * (1 + settings.bidirectional)
        options = {"batch_first": True, "bidirectional": settings.bidirectional}
        self.first = OneHot(cell(inputs, hidden, **options))
        self.above = nn.ModuleList(
            cell(width, hidden, **options) for _ in range(settings.layers - 1)
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(width) if settings.repair == "norm" else nn.Identity() for _ in self.above
        )
        self.dropout = nn.Dropout(settings.dropout)
        self.h2o = nn.Linear(width, outputs)

    def recurrent(self) -> dict[str, Tensor]:
        layers = [self.first.rnn, *(cast(nn.RNNBase, layer) for layer in self.above)]
        return {
            f"{number} {name}": matrix
            for number, layer in enumerate(layers, 1)
            for name, matrix in contract.of_gates(layer).items()
        }

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        before = [None] * self.settings.layers if state is None else state
        h, last = self.first(ids, before[0])  # (batch, steps, hidden)
        after = [last]
        for layer, norm, its_state in zip(self.above, self.norms, before[1:], strict=True):
            x = self.dropout(h)
            y, last = layer(norm(x), its_state)
            h = y if self.settings.repair == "none" else h + y
            after.append(last)
        return self.h2o(self.dropout(h)), tuple(after)
