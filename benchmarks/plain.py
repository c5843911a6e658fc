"""Every network once more, as somebody would write it who follows the lecture line by line.

Their parameters have the names of ours, so that one's weights load into the other.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

State = Tensor | tuple[Tensor, ...] | None


class Char3(nn.Module):
    """A1: three characters in, the fourth out."""

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
    """A2: the same in a loop."""

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        h = torch.zeros(len(ids), self.hidden, device=ids.device)
        for c in ids.T:
            inp = F.relu(self.l_in(self.e(c)))
            h = torch.tanh(self.l_hidden(h + inp))
        return self.l_out(h), None


class CharLoopConcat(nn.Module):
    """A3: the pair in place of the sum."""

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
    """A4: nn.RNN, an answer after the last character."""

    def __init__(self, characters: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.e = nn.Embedding(characters, embedding)
        self.rnn = nn.RNN(embedding, hidden)
        self.l_out = nn.Linear(hidden, characters)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        outp, _ = self.rnn(self.e(ids.T))
        return self.l_out(outp[-1]), None


class CharSeqRnn(CharRnn):
    """A5: an answer after each character."""

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        outp, _ = self.rnn(self.e(ids.T))
        return self.l_out(outp).transpose(0, 1), None


class Gated(nn.Module):
    """C1 and C3 from scratch: one-hot vectors, gate by gate."""

    gates = ""

    def __init__(self, characters: int, hidden: int) -> None:
        super().__init__()
        self.characters, self.hidden = characters, hidden
        for gate in self.gates:
            setattr(self, f"W_x{gate}", nn.Parameter(torch.randn(characters, hidden) * 0.01))
            setattr(self, f"W_h{gate}", nn.Parameter(torch.randn(hidden, hidden) * 0.01))
            setattr(self, f"b_{gate}", nn.Parameter(torch.zeros(hidden)))
        self.W_hq = nn.Parameter(torch.randn(hidden, characters) * 0.01)
        self.b_q = nn.Parameter(torch.zeros(characters))

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
    """C1."""

    gates = "zrh"

    def step(self, X: Tensor, H: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        Z = torch.sigmoid(X @ self.W_xz + H @ self.W_hz + self.b_z)
        R = torch.sigmoid(X @ self.W_xr + H @ self.W_hr + self.b_r)
        H_tilda = torch.tanh(X @ self.W_xh + R * (H @ self.W_hh) + self.b_h)
        return Z * H + (1 - Z) * H_tilda, C


class Lstm(Gated):
    """C3."""

    gates = "ifoc"

    def step(self, X: Tensor, H: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
        I = torch.sigmoid(X @ self.W_xi + H @ self.W_hi + self.b_i)
        F_ = torch.sigmoid(X @ self.W_xf + H @ self.W_hf + self.b_f)
        O = torch.sigmoid(X @ self.W_xo + H @ self.W_ho + self.b_o)
        C_tilda = torch.tanh(X @ self.W_xc + H @ self.W_hc + self.b_c)
        C = F_ * C + I * C_tilda
        return O * C.tanh(), C


class Concise(nn.Module):
    """C2, C4, C5 and C6: nn.GRU and nn.LSTM on one-hot vectors."""

    def __init__(self, cell: str, characters: int, hidden: int, layers: int = 1) -> None:
        super().__init__()
        self.characters = characters
        self.rnn = {"gru": nn.GRU, "lstm": nn.LSTM}[cell](characters, hidden, layers)
        self.h2o = nn.Linear(hidden, characters)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        outputs, state = self.rnn(F.one_hot(ids.T, self.characters).float(), state)
        return self.h2o(outputs).transpose(0, 1), state


class NamesGru(nn.Module):
    """B3: nn.GRU on padded names, packed."""

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
