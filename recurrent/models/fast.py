"""Faster forms of the lectures' mathematics.

The networks read one-hot vectors. A one-hot vector times a matrix is a row of the matrix, so these
functions look the row up instead of multiplying. Each docstring says what its function equals;
inside `with disabled():` the function computes exactly that, and tests compare the two.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recurrent.models.base import State

_enabled = True


@contextmanager
def disabled() -> Iterator[None]:
    """Compute in the lectures' own form inside this context."""
    global _enabled
    before, _enabled = _enabled, False
    try:
        yield
    finally:
        _enabled = before


def lookup(weight: Tensor, ids: Tensor) -> Tensor:
    """Return the rows of `weight` that `ids` name.

    On CUDA, the backward pass of F.embedding has a race condition at some sizes; indexing has none.
    """
    return weight[ids] if ids.is_cuda else F.embedding(ids, weight)


class Embedding(nn.Embedding):
    """nn.Embedding that uses `lookup`."""

    def forward(self, input: Tensor) -> Tensor:
        return lookup(self.weight, input)


def one_hot(ids: Tensor, like: Tensor) -> Tensor:
    """Return one-hot vectors with a column for each row of the matrix `like`, in its dtype."""
    return F.one_hot(ids.long(), len(like)).to(like.dtype)


def one_hot_matmul(ids: Tensor, weight: Tensor) -> Tensor:
    """Return one_hot(ids) @ weight."""
    return lookup(weight, ids) if _enabled else one_hot(ids, weight) @ weight


class OneHot:
    """The one-hot vectors of a sequence of ids (steps, batch): `for X in OneHot(ids): X @ W`.

    X @ W is looked up for all steps at once, when the first step needs it.
    """

    def __init__(self, ids: Tensor) -> None:
        self.ids = ids
        self._products: dict[Tensor, tuple[Tensor, ...]] = {}

    def __iter__(self) -> Iterator["Step"]:
        return (Step(self, number) for number in range(len(self.ids)))

    def product(self, weight: Tensor, step: int) -> Tensor:
        """Return X @ weight for X of one step: (batch, columns)."""
        if weight not in self._products:
            self._products[weight] = one_hot_matmul(self.ids, weight).unbind()
        return self._products[weight][step]


class Step(NamedTuple):
    """The one-hot vectors of one step."""

    sequence: OneHot
    number: int

    def __matmul__(self, weight: Tensor) -> Tensor:
        return self.sequence.product(weight, self.number)


def per_character(e: nn.Embedding, layer: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return c -> layer(e(c)), computed once for each character of the vocabulary."""
    if not _enabled:
        return lambda c: layer(e(c))
    of_character = layer(e.weight)  # (characters, width)
    return lambda c: lookup(of_character, c)


def cat_linear(linear: nn.Linear, e: nn.Embedding) -> Callable[[Tensor, Tensor], Tensor]:
    """Return (h, c) -> linear(cat((h, e(c)), 1)), with the part of e(c) as in `per_character`."""
    if not _enabled:
        return lambda h, c: linear(torch.cat((h, e(c)), 1))
    width = e.embedding_dim
    of_hidden, of_embedding = linear.weight.split([linear.in_features - width, width], dim=1)
    of_character = F.linear(e.weight, of_embedding, linear.bias)
    return lambda h, c: F.linear(h, of_hidden) + lookup(of_character, c)


class OneHotLinear(nn.Module):
    """nn.Linear on cat((one_hot(x), hidden), 1)."""

    def __init__(self, characters: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(characters + hidden, outputs)
        self.parts = [characters, hidden]

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        of_character, of_hidden = self.linear.weight.split(self.parts, dim=1)
        if not _enabled:
            combined = torch.cat((one_hot(x, of_character.T), hidden), 1)
            return F.linear(combined, self.linear.weight, self.linear.bias)
        return lookup(of_character.T, x) + F.linear(hidden, of_hidden, self.linear.bias)


class OneHotRnn(nn.Module):
    """rnn(one_hot(ids)) for one layer of nn.RNN, nn.GRU or nn.LSTM, in one or two directions."""

    def __init__(self, rnn: nn.RNNBase) -> None:
        super().__init__()
        self.rnn = rnn

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        if not is_looped(self.rnn, ids):
            vectors = one_hot(ids, self.rnn.get_parameter("weight_ih_l0").T)
            outputs, state = self.rnn(vectors, state)
            return outputs, state
        return loop(self.rnn, lambda w_ih, b_ih: lookup(w_ih.T + b_ih, ids), state)


def embedded_rnn(
    e: nn.Embedding, rnn: nn.RNNBase, ids: Tensor, state: State
) -> tuple[Tensor, State]:
    """Return rnn(e(ids), state); compute W_ih e(c) once for each character of the vocabulary."""
    if not is_looped(rnn, ids):
        outputs, state = rnn(e(ids), state)
        return outputs, state
    if len(e.weight) > ids.numel():  # a large vocabulary: less work without a table
        return loop(rnn, lambda w_ih, b_ih: F.linear(e(ids), w_ih, b_ih), state)
    return loop(rnn, lambda w_ih, b_ih: lookup(F.linear(e.weight, w_ih, b_ih), ids), state)


def is_looped(rnn: nn.RNNBase, ids: Tensor) -> bool:
    """Return whether `loop` is faster than PyTorch's layer. On CUDA, cuDNN's kernel is faster."""
    return _enabled and not ids.is_cuda and rnn.num_layers == 1


def loop(
    rnn: nn.RNNBase, inputs: Callable[[Tensor, Tensor], Tensor], state: State
) -> tuple[Tensor, State]:
    """Compute one layer (batch first) step by step.

    `inputs` returns W_ih x + b_ih of all steps, (batch, steps, gates * hidden).
    """
    before = (state,) if isinstance(state, Tensor) else state
    directions, lasts = [], []
    for direction in range(1 + rnn.bidirectional):
        w_ih, w_hh, b_ih, b_hh = (
            rnn.get_parameter(f"{name}_l0{'_reverse' * direction}")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        x = inputs(w_ih, b_ih)
        first = None if before is None else tuple(part[direction] for part in before)
        h, last = run(STEPS[rnn.mode], x.flip(1) if direction else x, first, w_hh, b_hh)
        directions.append(h.flip(1) if direction else h)
        lasts.append(last)
    after = tuple(torch.stack(parts) for parts in zip(*lasts, strict=True))
    return torch.cat(directions, dim=2), after if rnn.mode == "LSTM" else after[0]


Parts = tuple[Tensor, ...]  # h, or h and c: (batch, hidden)
StepOf = Callable[[Tensor, Tensor, Parts | None], Parts]


def run(
    step: StepOf, inputs: Tensor, state: Parts | None, w_hh: Tensor, b_hh: Tensor
) -> tuple[Tensor, Parts]:
    """Return h of every step, (batch, steps, hidden), and the last state."""
    hidden = []
    for x in inputs.unbind(dim=1):
        # Without a state, h is 0, and so is its product.
        product = b_hh if state is None else torch.addmm(b_hh, state[0], w_hh.T)
        state = step(x, product, state)
        hidden.append(state[0])
    assert state is not None
    return torch.stack(hidden, dim=1), state


def rnn_step(x: Tensor, product: Tensor, state: Parts | None) -> Parts:
    """Compute one step of nn.RNN; `product` is W_hh h + b_hh."""
    return (torch.tanh(x + product),)


def gru_step(x: Tensor, product: Tensor, state: Parts | None) -> Parts:
    """Compute one step of nn.GRU; `product` is W_hh h + b_hh of its three gates."""
    x_r, x_z, x_n = x.chunk(3, dim=-1)
    h_r, h_z, h_n = product.chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (n - z * n if state is None else n + z * (state[0] - n),)


def lstm_step(x: Tensor, product: Tensor, state: Parts | None) -> Parts:
    """Compute one step of nn.LSTM; `product` is W_hh h + b_hh of its four gates."""
    i, f, g, o = (x + product).chunk(4, dim=-1)
    c = torch.sigmoid(i) * torch.tanh(g)
    if state is not None:
        c = torch.sigmoid(f) * state[1] + c
    return torch.sigmoid(o) * torch.tanh(c), c


STEPS: dict[str, StepOf] = {"RNN_TANH": rnn_step, "GRU": gru_step, "LSTM": lstm_step}
