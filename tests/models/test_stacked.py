"""Layers on layers, against nn.GRU and nn.LSTM on one-hot vectors; what each repair repairs."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from stages.common.errors import PipelineError
from stages.models import contract
from stages.models.contract import State
from stages.models.stacked import OneHot, Stacked

CHARACTERS, ANSWERS, HIDDEN, BATCH, STEPS = 9, 7, 5, 4, 8
RNNS: dict[str, type[nn.RNNBase]] = {"gru": nn.GRU, "lstm": nn.LSTM}
CELLS = pytest.mark.parametrize("cell", RNNS)
DIRECTIONS = pytest.mark.parametrize("bidirectional", [False, True])
CARRIED = pytest.mark.parametrize("carried", [False, True])
REPAIRS = pytest.mark.parametrize("repair", ["none", "residual", "norm"])
SHORTCUTS = pytest.mark.parametrize("repair", ["residual", "norm"])

close = torch.testing.assert_close


@pytest.fixture(autouse=True, scope="module")
def doubles() -> Iterator[None]:
    """All numbers with 53 bits, so that only another formula makes a difference."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(usual)


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


def silenced(model: Stacked) -> Stacked:
    """All weights of the recurrent layers above the first are 0."""
    for weight in model.above.parameters():
        nn.init.zeros_(weight)
    return model


@CELLS
@DIRECTIONS
def test_a_cell_without_weights_says_nothing(cell: str, bidirectional: bool) -> None:
    rnn = RNNS[cell](HIDDEN, HIDDEN, batch_first=True, bidirectional=bidirectional)
    for weight in rnn.parameters():
        nn.init.zeros_(weight)
    outputs, last = rnn(torch.randn(BATCH, STEPS, HIDDEN))
    assert not outputs.any()
    assert not any(part.any() for part in parts_of(last))


@CELLS
@DIRECTIONS
@SHORTCUTS
def test_repaired_a_silent_layer_is_as_no_layer(
    cell: str, bidirectional: bool, repair: str
) -> None:
    options = {"cell": cell, "bidirectional": bidirectional}
    one, ids = network(**options), batch()
    deep = silenced(network(**options, layers=4, repair=repair))
    unrepaired = silenced(network(**options, layers=4))
    for model in (deep, unrepaired):
        model.first.load_state_dict(one.first.state_dict())
        model.h2o.load_state_dict(one.h2o.state_dict())
    close(deep(ids)[0], one(ids)[0], rtol=0, atol=1e-12)
    close(unrepaired(ids)[0], one.h2o.bias.expand(BATCH, STEPS, -1), rtol=0, atol=1e-12)
    assert not torch.allclose(one(ids)[0], one.h2o.bias, atol=1e-2)


def overheard(model: Stacked, ids: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """What each layer above the first reads; what each layer says; what the output layer reads."""
    reads: list[Tensor] = []
    says: list[Tensor] = []
    top: list[Tensor] = []
    for layer in model.above:
        layer.register_forward_pre_hook(lambda _, given: reads.append(given[0]))
    for layer in (model.first, *model.above):
        layer.register_forward_hook(lambda _, given, said: says.append(said[0]))
    model.h2o.register_forward_pre_hook(lambda _, given: top.append(given[0]))
    model(ids)
    return reads, says, top[0]


@CELLS
@DIRECTIONS
@REPAIRS
def test_a_layer_reads_all_that_is_below_it_and_adds_to_it(
    cell: str, bidirectional: bool, repair: str
) -> None:
    model = network(cell=cell, bidirectional=bidirectional, repair=repair, layers=4)
    reads, says, top = overheard(model, batch())
    below = list(torch.stack(says).cumsum(dim=0)) if repair != "none" else says
    close(top, below[-1], rtol=0, atol=1e-12)
    for read, there in zip(reads, below[:-1], strict=True):
        expected = F.layer_norm(there, there.shape[-1:]) if repair == "norm" else there
        close(read, expected, rtol=0, atol=1e-12)


@CELLS
@DIRECTIONS
def test_normed_a_layer_reads_numbers_of_one_scale(cell: str, bidirectional: bool) -> None:
    options = {"cell": cell, "bidirectional": bidirectional, "hidden": 32, "layers": 6}
    reads, _, _ = overheard(network(**options, repair="norm"), batch())
    assert len(reads) == 5
    for read in reads:
        width = 32 * (1 + bidirectional)
        assert read.shape == (BATCH, STEPS, width)
        close(read.mean(dim=-1), torch.zeros(BATCH, STEPS), rtol=0, atol=1e-12)
        variance = read.var(dim=-1, correction=0)
        close(variance, torch.ones(BATCH, STEPS), rtol=0, atol=0.02)  # LayerNorm adds 1e-5 to it
    unrepaired, _, _ = overheard(network(**options), batch())
    assert all((read.var(dim=-1) < 0.1).all() for read in unrepaired)


def gradient_below(seed: int, **changes: Any) -> float:
    """How much of the gradient there is in the first of six layers, before any training."""
    model = network(hidden=32, layers=6, **changes)
    torch.manual_seed(seed)
    for layer in (model.first.rnn, *model.above):
        layer.reset_parameters()
    model.h2o.reset_parameters()
    ids, targets = batch(), batch() % ANSWERS
    F.cross_entropy(model(ids)[0].flatten(0, 1), targets.flatten()).backward()
    gradient = model.first.rnn.get_parameter("weight_hh_l0").grad
    assert gradient is not None
    return gradient.norm().item()


# Seen over eight seeds: 49 to 198 times, 145 to 880, 1418 to 3401, 7055 to 18034.
@pytest.mark.parametrize(
    ("cell", "repair", "times"),
    [
        ("gru", "residual", 20),
        ("gru", "norm", 80),
        ("lstm", "residual", 500),
        ("lstm", "norm", 3000),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_repaired_the_gradient_reaches_the_first_of_six_layers(
    cell: str, repair: str, times: float, seed: int
) -> None:
    stuck = gradient_below(seed, cell=cell)
    assert 0 < times * stuck < gradient_below(seed, cell=cell, repair=repair)


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


@CELLS
@SHORTCUTS
def test_dropout_takes_nothing_from_what_passes_a_layer_by(cell: str, repair: str) -> None:
    model = network(cell=cell, repair=repair, layers=4, dropout=0.5).train()
    reads, says, top = overheard(model, batch())
    below = torch.stack(says).cumsum(dim=0)
    left = [(top, below[-1])]
    if repair == "residual":  # a norm would hide what was dropped
        left += zip(reads, below[:-1], strict=True)
    for read, there in left:
        assert (read == 0).any()
        close(read, torch.where(read == 0, 0, 2 * there), rtol=0, atol=1e-12)


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
