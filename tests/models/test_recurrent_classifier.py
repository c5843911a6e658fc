"""Each cell by the equations that its lecture derives, and what the ends of a sequence mean."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from recurrent.models.recurrent_classifier import RecurrentClassifier

CHARACTERS, EMBEDDING, HIDDEN = 9, 4, 3


def classifier(**settings: object) -> RecurrentClassifier:
    torch.manual_seed(1)
    values = {"embedding": EMBEDDING, "hidden": HIDDEN, **settings}
    chosen = RecurrentClassifier.Settings.model_validate(values)
    return RecurrentClassifier(CHARACTERS, 2, chosen).eval()


def rnn_step(x: Tensor, h: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
    return torch.tanh(x + h), h


def gru_step(x: Tensor, h: Tensor, previous: Tensor) -> tuple[Tensor, Tensor]:
    x_r, x_z, x_n = x.chunk(3, dim=-1)
    h_r, h_z, h_n = h.chunk(3, dim=-1)
    reset, update = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    candidate = torch.tanh(x_n + reset * h_n)
    return (1 - update) * candidate + update * previous, h


def lstm_step(x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = (x + h).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


Step = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@pytest.mark.parametrize(("cell", "step"), [("rnn", rnn_step), ("gru", gru_step)])
def test_rnn_and_gru_follow_their_equations(cell: str, step: Step) -> None:
    model = classifier(cell=cell)
    ids = torch.randint(CHARACTERS, (5, 4))
    w = dict(model.cell.named_parameters())
    h = torch.zeros(5, HIDDEN)
    for x in model.embedding(ids).unbind(dim=1):
        of_x = x @ w["weight_ih_l0"].T + w["bias_ih_l0"]
        of_h = h @ w["weight_hh_l0"].T + w["bias_hh_l0"]
        h, _ = step(of_x, of_h, h)
    torch.testing.assert_close(model(ids)[0], model.h2o(h))


def test_lstm_follows_its_equations() -> None:
    model = classifier(cell="lstm")
    ids = torch.randint(CHARACTERS, (5, 4))
    w = dict(model.cell.named_parameters())
    h = c = torch.zeros(5, HIDDEN)
    for x in model.embedding(ids).unbind(dim=1):
        of_x = x @ w["weight_ih_l0"].T + w["bias_ih_l0"]
        of_h = h @ w["weight_hh_l0"].T + w["bias_hh_l0"]
        h, c = lstm_step(of_x, of_h, c)
    torch.testing.assert_close(model(ids)[0], model.h2o(h))


def test_both_directions_answer_from_where_each_has_read_everything() -> None:
    model = classifier(cell="gru", bidirectional=True)
    ids = torch.randint(CHARACTERS, (2, 3))
    _, last = model.cell(model.embedding(ids))  # (directions, batch, hidden)
    torch.testing.assert_close(model(ids)[0], model.h2o(torch.cat([last[0], last[1]], dim=-1)))


def test_stacked_layers_answer_from_the_top() -> None:
    model = classifier(cell="gru", layers=3)
    ids = torch.randint(CHARACTERS, (2, 3))
    _, last = model.cell(model.embedding(ids))
    torch.testing.assert_close(model(ids)[0], model.h2o(last[-1]))


def test_dropout_acts_in_training_only() -> None:
    model = classifier(cell="gru", dropout=0.5)
    ids = torch.randint(CHARACTERS, (8, 3))
    assert torch.equal(model(ids)[0], model(ids)[0])
    model.train()
    assert not torch.equal(model(ids)[0], model(ids)[0])
