"""Plain ports: every network as one would write it by following the lecture line by line.

Their parameters have the names of ours, so that weights load from one into the other.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

State = Tensor | tuple[Tensor, ...] | None


class Char3(nn.Module):
    """Lesson 6: predict character 4 from characters 1 to 3."""

    def __init__(self, characters: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.e = nn.Embedding(characters, embedding)
        self.l_in = nn.Linear(embedding, hidden)
        self.l_hidden = nn.Linear(hidden, hidden)
        self.l_out = nn.Linear(hidden, characters)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        in1 = F.relu(self.l_in(self.e(ids[:, 0])))
        in2 = F.relu(self.l_in(self.e(ids[:, 1])))
        in3 = F.relu(self.l_in(self.e(ids[:, 2])))
        h = torch.zeros_like(in1)
        h = torch.tanh(self.l_hidden(h + in1))
        h = torch.tanh(self.l_hidden(h + in2))
        h = torch.tanh(self.l_hidden(h + in3))
        return self.l_out(h), None


class CharLoop(Char3):
    """Lesson 6: the same in a loop."""

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        h = torch.zeros(len(ids), self.hidden, device=ids.device)
        for c in ids.T:
            inp = F.relu(self.l_in(self.e(c)))
            h = torch.tanh(self.l_hidden(h + inp))
        return self.l_out(h), None


class CharLoopConcat(nn.Module):
    """Lesson 6: cat(h, inp) instead of the sum."""

    def __init__(self, characters: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.e = nn.Embedding(characters, embedding)
        self.l_in = nn.Linear(hidden + embedding, hidden)
        self.l_hidden = nn.Linear(hidden, hidden)
        self.l_out = nn.Linear(hidden, characters)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        h = torch.zeros(len(ids), self.hidden, device=ids.device)
        for c in ids.T:
            inp = F.relu(self.l_in(torch.cat((h, self.e(c)), dim=1)))
            h = torch.tanh(self.l_hidden(inp))
        return self.l_out(h), None


class CharRnn(nn.Module):
    """Lesson 6: nn.RNN, one prediction after the last character."""

    def __init__(self, characters: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.e = nn.Embedding(characters, embedding)
        self.rnn = nn.RNN(embedding, hidden)
        self.l_out = nn.Linear(hidden, characters)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        outp, _ = self.rnn(self.e(ids.T))
        return self.l_out(outp[-1]), None


class CharSeqRnn(CharRnn):
    """Lesson 6: a prediction after each character."""

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        outp, _ = self.rnn(self.e(ids.T))
        return self.l_out(outp).transpose(0, 1), None


class Gated(nn.Module):
    """Lyrics, from scratch: one-hot vectors, gate by gate."""

    def __init__(self, characters: int, hidden: int) -> None:
        super().__init__()
        self.characters, self.hidden = characters, hidden
        self.W_hq = self.one(hidden, characters)
        self.b_q = nn.Parameter(torch.zeros(characters))

    def one(self, *shape: int) -> nn.Parameter:
        return nn.Parameter(torch.randn(*shape) * 0.01)

    def three(self) -> tuple[nn.Parameter, nn.Parameter, nn.Parameter]:
        return (
            self.one(self.characters, self.hidden),
            self.one(self.hidden, self.hidden),
            nn.Parameter(torch.zeros(self.hidden)),
        )

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        if state is None:
            zeros = torch.zeros(len(ids), self.hidden, device=ids.device)
            state = zeros, zeros
        H, C = state
        outputs = []
        for X in F.one_hot(ids.T, self.characters).float():
            H, C = self.step(X, H, C)
            outputs.append(torch.matmul(H, self.W_hq) + self.b_q)
        return torch.stack(outputs, dim=1), (H, C)

    def step(self, X: Tensor, H: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError


class Gru(Gated):
    """The GRU from scratch."""

    def __init__(self, characters: int, hidden: int) -> None:
        super().__init__(characters, hidden)
        self.W_xz, self.W_hz, self.b_z = self.three()
        self.W_xr, self.W_hr, self.b_r = self.three()
        self.W_xh, self.W_hh, self.b_h = self.three()

    def step(self, X: Tensor, H: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        Z = torch.sigmoid(X @ self.W_xz + H @ self.W_hz + self.b_z)
        R = torch.sigmoid(X @ self.W_xr + H @ self.W_hr + self.b_r)
        H_tilda = torch.tanh(X @ self.W_xh + R * (H @ self.W_hh) + self.b_h)
        return Z * H + (1 - Z) * H_tilda, C


class Lstm(Gated):
    """The LSTM from scratch."""

    def __init__(self, characters: int, hidden: int) -> None:
        super().__init__(characters, hidden)
        self.W_xi, self.W_hi, self.b_i = self.three()
        self.W_xf, self.W_hf, self.b_f = self.three()
        self.W_xo, self.W_ho, self.b_o = self.three()
        self.W_xc, self.W_hc, self.b_c = self.three()

    def step(self, X: Tensor, H: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        I = torch.sigmoid(X @ self.W_xi + H @ self.W_hi + self.b_i)
        F = torch.sigmoid(X @ self.W_xf + H @ self.W_hf + self.b_f)
        O = torch.sigmoid(X @ self.W_xo + H @ self.W_ho + self.b_o)
        C_tilda = torch.tanh(X @ self.W_xc + H @ self.W_hc + self.b_c)
        C = F * C + I * C_tilda
        return O * C.tanh(), C


class Concise(nn.Module):
    """Lyrics, concise: nn.GRU and nn.LSTM on one-hot vectors."""

    def __init__(self, cell: str, characters: int, hidden: int) -> None:
        super().__init__()
        self.characters = characters
        self.rnn = {"gru": nn.GRU, "lstm": nn.LSTM}[cell](characters, hidden)
        self.h2o = nn.Linear(hidden, characters)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        outputs, state = self.rnn(F.one_hot(ids.T, self.characters).float(), state)
        return self.h2o(outputs).transpose(0, 1), state


class NamesGru(nn.Module):
    """Names: nn.GRU on padded names, packed."""

    def __init__(self, characters: int, embedding: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.characters = characters
        self.embedding = nn.Linear(characters, embedding, bias=False)
        self.cell = nn.GRU(embedding, hidden, batch_first=True)
        self.h2o = nn.Linear(hidden, classes)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        vectors = self.embedding(F.one_hot(ids, self.characters).float())
        lengths = (ids != 0).sum(dim=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(
            vectors, lengths, batch_first=True, enforce_sorted=False
        )
        _, h = self.cell(packed)
        return self.h2o(h[-1]), None
