"""Lesson six with nn.RNN: an answer after the last character, or after each of them.

h_t = tanh(W_ih e(c_t) + b_ih + W_hh h_{t-1} + b_hh)
o_t = l_out h_t
"""

from typing import Literal

from pydantic import PositiveInt
from torch import Tensor, nn

from recurrent.models import base as contract
from recurrent.models.base import State


class CharRnn(contract.Model):
    """What comes after the last character."""

    class Settings(contract.Settings):
        embedding: PositiveInt
        hidden: PositiveInt
        recurrent: Literal["random", "identity"] = "random"  # what W_hh is at first

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.e = nn.Embedding(inputs, settings.embedding)
        self.rnn = nn.RNN(settings.embedding, settings.hidden, batch_first=True)
        self.l_out = nn.Linear(settings.hidden, outputs)
        if settings.recurrent == "identity":
            # h_t keeps h_{t-1} as it is: a product of such matrices neither grows nor shrinks.
            nn.init.eye_(self.rnn.get_parameter("weight_hh_l0"))

    def recurrent(self) -> dict[str, Tensor]:
        return contract.of_gates(self.rnn)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        outp, h = self.rnn(self.e(ids), state)  # (batch, steps, hidden)
        return self.l_out(outp[:, -1]), h


class CharSeqRnn(CharRnn):
    """What comes after each character: n answers a window in place of one."""

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        outp, h = self.rnn(self.e(ids), state)  # (batch, steps, hidden)
        return self.l_out(outp), h
