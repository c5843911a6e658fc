"""Layers on layers, against nn.GRU and nn.LSTM on one-hot vectors."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from recurrent.errors import PipelineError
from recurrent.models.base import State
from recurrent.models.stacked import OneHot, Stacked
from tests.models.stacks import (
    ANSWERS,
    BATCH,
    CARRIED,
    CELLS,
    CHARACTERS,
    DIRECTIONS,
    HIDDEN,
    REPAIRS,
    RNNS,
    STEPS,
    batch,
    close,
    gradients,
    network,
    one_hot,
    parts_of,
    state_of,
)

pytestmark = pytest.mark.usefixtures("doubles")


@CELLS
@DIRECTIONS
@CARRIED
@pytest.mark.parametrize("steps", [1, 2, STEPS])
def test_looking_up_is_multiplying_by_one_hot_vectors(
    cell: str, bidirectional: bool, carried: bool, steps: int
) -> None:
    torch.manual_seed(0)
    theirs = RNNS[cell](CHARACTERS, HIDDEN, batch_first=True, bidirectional=bidirectional)
    mine = OneHot(deepcopy(theirs))
    ids, before = batch(steps), state_of(cell, 1 + bidirectional) if carried else None
    my_answers, my_state = mine(ids, before)
    their_answers, their_state = theirs(one_hot(ids), before)
    close(my_answers, their_answers, rtol=0, atol=1e-12)
    close(my_state, their_state, rtol=0, atol=1e-12)
    found = gradients(my_answers, my_state, [*mine.parameters(), *parts_of(before)])
    expected = gradients(their_answers, their_state, [*theirs.parameters(), *parts_of(before)])
    close(found, expected, rtol=0, atol=1e-10)
    assert not carried or all(gradient.any() for gradient in found), "every weight must matter"


def places(model: Stacked) -> Iterator[tuple[str, nn.Parameter]]:
    """Each recurrent weight, under its name in one nn.GRU or nn.LSTM of many layers."""
    for layer, rnn in enumerate([model.first.rnn, *model.above]):
        for name, weight in rnn.named_parameters():
            yield name.replace("_l0", f"_l{layer}"), weight


@CELLS
@DIRECTIONS
@CARRIED
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_without_repair_it_is_one_network_of_many_layers(
    cell: str, bidirectional: bool, carried: bool, layers: int
) -> None:
    ours = network(cell=cell, layers=layers, bidirectional=bidirectional)
    rnn = RNNS[cell](CHARACTERS, HIDDEN, layers, batch_first=True, bidirectional=bidirectional)
    rnn.load_state_dict({place: weight.detach() for place, weight in places(ours)})
    h2o = deepcopy(ours.h2o)
    ids, sides = batch(), 1 + bidirectional
    states = tuple(state_of(cell, sides) for _ in range(layers)) if carried else None
    mine, my_states = ours(ids, states)
    outputs, their_state = rnn(one_hot(ids), in_one(cell, states))
    theirs = h2o(outputs)
    close(mine, theirs, rtol=0, atol=1e-12)
    close(in_one(cell, my_states), their_state, rtol=0, atol=1e-12)
    names, weights = zip(*places(ours), strict=True)
    close(
        gradients(
            mine, in_one(cell, my_states), [*weights, *ours.h2o.parameters(), *parts_of(states)]
        ),
        gradients(
            theirs,
            their_state,
            [*map(rnn.get_parameter, names), *h2o.parameters(), *parts_of(states)],
        ),
        rtol=0,
        atol=1e-10,
    )


def in_one(cell: str, states: State) -> State:
    """The states of all layers as one network of many layers has them."""
    if states is None:
        return None
    if cell == "gru":
        return torch.cat(states)
    return tuple(torch.cat(parts) for parts in zip(*states, strict=True))


@CELLS
@REPAIRS
@pytest.mark.parametrize("layers", [1, 2])
@given(cut=st.integers(1, STEPS - 1))
def test_a_state_continues_a_text(cell: str, repair: str, layers: int, cut: int) -> None:
    model, ids = network(cell=cell, repair=repair, layers=layers), batch()
    first, state = model(ids[:, :cut])
    second, last = model(ids[:, cut:], state)
    whole, its_last = model(ids)
    assert whole.shape == (BATCH, STEPS, ANSWERS)
    assert len(last) == layers
    close(torch.cat([first, second], dim=1), whole, rtol=0, atol=1e-12)
    close(last, its_last, rtol=0, atol=1e-12)
    assert not torch.allclose(model(ids[:, cut:])[0], second, atol=1e-3), "the state must matter"


@CELLS
@REPAIRS
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("place", [0, 3, STEPS - 1])
def test_only_in_two_directions_an_answer_knows_what_comes_after_it(
    cell: str, repair: str, layers: int, place: int
) -> None:
    ids = batch()
    changed = ids.clone()
    changed[:, place] = (changed[:, place] + 1) % CHARACTERS
    for bidirectional in (False, True):
        model = network(cell=cell, repair=repair, layers=layers, bidirectional=bidirectional)
        difference = (model(changed)[0] - model(ids)[0]).abs().amax(dim=(0, 2))  # at each step
        assert (difference[place:] > 1e-6).all(), "it knows what it has read"
        if bidirectional:
            assert (difference[:place] > 1e-6).all()
        else:
            assert (difference[:place] < 1e-12).all()


@CELLS
@REPAIRS
@pytest.mark.parametrize("layers", [1, 3])
def test_dropout_is_for_training_alone(cell: str, repair: str, layers: int) -> None:
    options = {"cell": cell, "repair": repair, "layers": layers}
    model, plain, ids = network(**options, dropout=0.5), network(**options), batch()
    model.eval()
    assert torch.equal(model(ids)[0], model(ids)[0])
    assert torch.equal(model(ids)[0], plain(ids)[0])
    model.train()
    assert not torch.equal(model(ids)[0], model(ids)[0])


@CELLS
@REPAIRS
def test_dropout_takes_from_what_leaves_a_layer_and_not_from_what_stays_in_it(
    cell: str, repair: str
) -> None:
    model, ids = network(cell=cell, repair=repair, layers=2, dropout=0.5), batch()
    still, dropped = model.eval()(ids)[1], model.train()(ids)[1]
    close(dropped[0], still[0], rtol=0, atol=0)
    for there, then in zip(parts_of(still[1]), parts_of(dropped[1]), strict=True):
        assert not torch.allclose(there, then, atol=1e-3), "it reads what left the layer below"
    one = network(cell=cell, dropout=0.5)
    close(one.train()(ids)[1], one.eval()(ids)[1], rtol=0, atol=0)
    assert not torch.allclose(one.train()(ids)[0], one.eval()(ids)[0], atol=1e-3)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("embedding", 4),
        ("cell", "rnn"),
        ("hidden", 0),
        ("layers", 0),
        ("bidirectional", 1),
        ("repair", "highway"),
        ("dropout", 1.0),
        ("dropout", -0.1),
    ],
)
def test_a_wrong_setting_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(PipelineError, match=rf"settings: {key}: "):
        network(**{key: value})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@CELLS
@DIRECTIONS
@CARRIED
def test_on_cuda_one_hot_vectors_are_looking_up(
    cell: str, bidirectional: bool, carried: bool
) -> None:
    torch.manual_seed(0)
    rnn = RNNS[cell](CHARACTERS, HIDDEN, batch_first=True, bidirectional=bidirectional)
    here, there = OneHot(rnn), OneHot(deepcopy(rnn)).cuda()
    ids, before = batch(), state_of(cell, 1 + bidirectional) if carried else None
    moved = [part.detach().cuda().requires_grad_() for part in parts_of(before)]
    answers, state = here(ids, before)
    its_before = None if not moved else tuple(moved) if cell == "lstm" else moved[0]
    its_answers, its_state = there(ids.cuda(), its_before)
    assert its_answers.is_cuda
    close(its_answers.cpu(), answers, rtol=0, atol=1e-4)
    for mine, theirs in zip(parts_of(its_state), parts_of(state), strict=True):
        close(mine.cpu(), theirs, rtol=0, atol=1e-4)
    weights = torch.randn_like(answers)
    (answers * weights).sum().backward()
    (its_answers * weights.cuda()).sum().backward()
    pairs = zip([*there.parameters(), *moved], [*here.parameters(), *parts_of(before)], strict=True)
    for mine, theirs in pairs:
        assert mine.grad is not None
        close(mine.grad.cpu(), theirs.grad, rtol=0, atol=1e-4)
