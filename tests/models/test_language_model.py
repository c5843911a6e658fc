"""A language model reads a text in pieces as it reads it at once, and forgets nothing between."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from recurrent.models.base import State, detached
from recurrent.models.language_model import LanguageModel

CHARACTERS, STEPS = 9, 12
CELLS = pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
LAYERS = pytest.mark.parametrize("layers", [1, 2])


def network(**changes: Any) -> LanguageModel:
    torch.manual_seed(0)
    values = {"cell": "gru", "embedding": 4, "hidden": 5, **changes}
    chosen = LanguageModel.Settings.model_validate(values)
    return LanguageModel(CHARACTERS, CHARACTERS, chosen).double().eval()


def batch() -> Tensor:
    return torch.randint(1, CHARACTERS, (3, STEPS))


@CELLS
@LAYERS
@settings(max_examples=15)
@given(cuts=st.lists(st.integers(1, STEPS - 1), min_size=1, max_size=4, unique=True).map(sorted))
def test_a_text_in_pieces_is_the_text_at_once(cell: str, layers: int, cuts: list[int]) -> None:
    model, ids = network(cell=cell, layers=layers), batch()
    whole, _ = model(ids)
    assert whole.shape == (3, STEPS, CHARACTERS)
    state: State = None
    pieces = []
    for piece in ids.tensor_split(cuts, dim=1):
        logits, state = model(piece, detached(state))
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=0, atol=1e-12)


@CELLS
def test_without_its_state_the_same_characters_say_something_else(cell: str) -> None:
    model, ids = network(cell=cell), batch()
    whole, _ = model(ids)
    assert not torch.allclose(model(ids[:, 6:])[0], whole[:, 6:], atol=1e-3)


@CELLS
@settings(max_examples=15)
@given(place=st.integers(0, STEPS - 1))
def test_no_answer_knows_what_comes_after_it(cell: str, place: int) -> None:
    model, ids = network(cell=cell), batch()
    before = model(ids)[0]
    changed = ids.clone()
    changed[:, place] = changed[:, place] % (CHARACTERS - 1) + 1
    after = model(changed)[0]
    torch.testing.assert_close(after[:, :place], before[:, :place], rtol=0, atol=1e-12)
    assert not torch.allclose(after[:, place], before[:, place], atol=1e-6)


@CELLS
def test_a_gradient_stays_in_its_window(cell: str) -> None:
    model, ids = network(cell=cell), batch()
    weight = model.embedding.weight
    ids[:, :6], ids[:, 6:] = 1, 2  # so that each half has a row of its own
    _, state = model(ids[:, :6])
    for carried, reaches in ((state, True), (detached(state), False)):
        (gradient,) = torch.autograd.grad(
            model(ids[:, 6:], carried)[0].logsumexp(dim=-1).sum(), weight, retain_graph=True
        )
        assert gradient[2].any()
        assert bool(gradient[1].any()) == reaches


@LAYERS
def test_dropout_is_for_training_alone(layers: int) -> None:
    model, ids = network(layers=layers, dropout=0.5), batch()
    plain = network(layers=layers)(ids)[0]
    assert torch.equal(model(ids)[0], plain)
    model.train()
    assert not torch.equal(model(ids)[0], model(ids)[0])


def test_dropout_takes_from_what_leaves_a_layer_and_not_from_what_stays_in_it() -> None:
    model, ids = network(layers=2, dropout=0.5), batch()
    _, still = model(ids)
    _, dropped = model.train()(ids)
    assert torch.equal(still[0], dropped[0])
    assert not torch.equal(still[1], dropped[1]), "it reads what left the layer below"
