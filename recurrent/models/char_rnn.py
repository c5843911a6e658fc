"""The lecture's names classifier: the recurrent network of PyTorch's char-RNN tutorial.

    combined = [x_t, h_{t-1}]          x_t one-hot
    h_t = i2h combined
    o_t = h2o combined                 the last o is the answer

There is no non-linearity between the steps, as in the tutorial: o is a sum of one term a
character, each weighed by how far it stands from the end.
"""

import torch
import torch.nn.functional as F
from pydantic import PositiveInt
from torch import Tensor, nn

from recurrent.models import base as contract
from recurrent.models.base import State


class CombinedLinear(nn.Module):
    """A linear layer over the concatenation [one-hot of a character, hidden]."""

    def __init__(self, characters: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(characters + hidden, outputs)
        self.parts = [characters, hidden]

    def forward(self, ids: Tensor, hidden: Tensor) -> Tensor:
        of_character, of_hidden = torch.split(self.linear.weight, self.parts, dim=1)
        # A one-hot vector times a matrix is a row of it: looked up, not multiplied.
        return F.embedding(ids, of_character.T) + F.linear(hidden, of_hidden, self.linear.bias)


class CharRnnClassifier(contract.Model):
    """One answer a name, read from its last character and the state before it."""

    class Settings(contract.Settings):
        hidden: PositiveInt

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.i2h = CombinedLinear(inputs, settings.hidden, settings.hidden)
        self.h2o = CombinedLinear(inputs, settings.hidden, outputs)

    def recurrent(self) -> dict[str, Tensor]:
        return {"h": self.i2h.linear.weight[:, self.inputs :]}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        hidden = state
        if hidden is None:
            hidden = torch.zeros(len(ids), self.settings.hidden, device=ids.device)
        for x in ids.T:  # (batch,) a step
            output = self.h2o(x, hidden)
            hidden = self.i2h(x, hidden)
        return output, hidden
