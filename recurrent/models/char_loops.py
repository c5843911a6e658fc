"""Lesson six, the networks written by hand: Char3, the loop over a sum, the loop over a pair.

    in_t = relu(l_in e(c_t))                green arrow, from a character to the hidden layer
    h_t  = tanh(l_hidden(h_{t-1} + in_t))   orange arrow, from one hidden layer to the next
    o    = l_out h_T                        blue arrow, from the last hidden layer to the answer

in_t depends on the character alone, so it is computed once for each character of the
vocabulary and looked up: the same numbers as computing it for each place in the text.
"""

import torch
import torch.nn.functional as F
from pydantic import PositiveInt
from torch import Tensor, nn

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.base import State


class Char3(contract.Model):
    """Three characters in, the fourth out: the recurrence unrolled by hand."""

    class Settings(contract.Settings):
        embedding: PositiveInt
        hidden: PositiveInt

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.e = nn.Embedding(inputs, settings.embedding)
        self.l_in = nn.Linear(settings.embedding, settings.hidden)
        self.l_hidden = nn.Linear(settings.hidden, settings.hidden)
        self.l_out = nn.Linear(settings.hidden, outputs)

    def recurrent(self) -> dict[str, Tensor]:
        return {"h": self.l_hidden.weight}

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        if ids.shape[1] != 3:
            raise PipelineError(
                f"reads three characters, not {ids.shape[1]}.",
                where="model Char3",
                remedy="Give it a dataset with `steps: 3`, or a prefix of three or more.",
            )
        of_character = F.relu(self.l_in(self.e.weight))  # (characters, hidden)
        in1, in2, in3 = (F.embedding(c, of_character) for c in ids.T)

        h = torch.zeros_like(in1)
        h = torch.tanh(self.l_hidden(h + in1))
        h = torch.tanh(self.l_hidden(h + in2))
        h = torch.tanh(self.l_hidden(h + in3))
        return self.l_out(h), h


class CharLoop(Char3):
    """The same layers in a loop, for any number of characters: "this is an RNN!".

    The sum h + in loses information: the pair, below, does not.
    """

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        of_character = F.relu(self.l_in(self.e.weight))  # (characters, hidden)
        h = of_character.new_zeros(len(ids), self.settings.hidden)
        h = h if state is None else state
        for c in ids.T:  # (batch,) a step
            h = torch.tanh(self.l_hidden(h + F.embedding(c, of_character)))
        return self.l_out(h), h


class CharLoopConcat(contract.Model):
    """The loop over the pair (h, e(c)) in place of a sum: nothing is lost.

    l_in (h, e(c)) is a product with h plus one with e(c); the latter is looked up.
    """

    class Settings(contract.Settings):
        embedding: PositiveInt
        hidden: PositiveInt

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.e = nn.Embedding(inputs, settings.embedding)
        self.l_in = nn.Linear(settings.hidden + settings.embedding, settings.hidden)
        self.l_hidden = nn.Linear(settings.hidden, settings.hidden)
        self.l_out = nn.Linear(settings.hidden, outputs)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        parts = [self.settings.hidden, self.settings.embedding]
        of_hidden, of_embedding = self.l_in.weight.split(parts, dim=1)
        of_character = F.linear(self.e.weight, of_embedding, self.l_in.bias)
        h = of_character.new_zeros(len(ids), self.settings.hidden)
        h = h if state is None else state
        for c in ids.T:  # (batch,) a step
            inp = F.relu(F.linear(h, of_hidden) + F.embedding(c, of_character))
            h = torch.tanh(self.l_hidden(inp))
        return self.l_out(h), h
