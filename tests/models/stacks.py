"""Small stacks of recurrent layers, and what they are held against."""

from collections.abc import Iterable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recurrent.models import base as contract
from recurrent.models.base import State
from recurrent.models.stacked import Stacked

CHARACTERS, ANSWERS, HIDDEN, BATCH, STEPS = 9, 7, 5, 4, 8
RNNS: dict[str, type[nn.RNNBase]] = {"gru": nn.GRU, "lstm": nn.LSTM}
CELLS = pytest.mark.parametrize("cell", RNNS)
DIRECTIONS = pytest.mark.parametrize("bidirectional", [False, True])
CARRIED = pytest.mark.parametrize("carried", [False, True])
REPAIRS = pytest.mark.parametrize("repair", ["none", "residual", "norm"])
SHORTCUTS = pytest.mark.parametrize("repair", ["residual", "norm"])

close = torch.testing.assert_close


def network(**changes: Any) -> Stacked:
    torch.manual_seed(0)
    spec = {"module": "stacked", "name": "Stacked", "inputs": CHARACTERS, "outputs": ANSWERS}
    model = contract.build({**spec, "settings": {"cell": "gru", "hidden": HIDDEN, **changes}})
    assert isinstance(model, Stacked)
    return model


def batch(steps: int = STEPS) -> Tensor:
    return torch.randint(CHARACTERS, (BATCH, steps))


def one_hot(ids: Tensor) -> Tensor:
    return F.one_hot(ids, CHARACTERS).to(torch.get_default_dtype())


def state_of(cell: str, height: int) -> State:
    """As PyTorch takes it: of so many layers and directions, each part asking for its gradient."""
    h, c = (torch.randn(height, BATCH, HIDDEN, requires_grad=True) for _ in range(2))
    return (h, c) if cell == "lstm" else h


def parts_of(state: State) -> list[Tensor]:
    """All tensors in a state, however deep."""
    if isinstance(state, tuple):
        return [tensor for part in state for tensor in parts_of(part)]
    return [] if state is None else [state]


def gradients(answers: Tensor, after: State, of: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Of a weighted sum of all that a network says, its state at the end too."""
    said = [answers, *parts_of(after)]
    torch.manual_seed(1)
    return torch.autograd.grad(said, tuple(of), [torch.randn(value.shape) for value in said])
