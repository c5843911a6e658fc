"""The networks written by hand, against nn.RNN and against the lecture's own way to the letter."""

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.base import Model

CHARACTERS, EMBEDDING, HIDDEN = 9, 4, 5
LOOPS = ["CharLoop", "CharLoopConcat"]
LAYERS = ["e", "l_in", "l_hidden", "l_out"]
pytestmark = pytest.mark.usefixtures("doubles")


def network(name: str) -> Model:
    torch.manual_seed(0)
    spec = {"module": "char_loops", "name": name, "inputs": CHARACTERS, "outputs": CHARACTERS}
    return contract.build({**spec, "settings": {"embedding": EMBEDDING, "hidden": HIDDEN}})


def batch(steps: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets; not every character is among them."""
    return torch.randint(1, CHARACTERS, (6, steps)), torch.randint(1, CHARACTERS, (6,))


def the_sum(model: Model, ids: Tensor) -> Tensor:
    """Lesson six: inp = relu(l_in(e(c))); h = tanh(l_hidden(h + inp))."""
    e, l_in, l_hidden, l_out = map(model.get_submodule, LAYERS)
    h = torch.zeros(len(ids), HIDDEN)
    for c in ids.unbind(dim=1):
        inp = F.relu(l_in(e(c)))
        h = torch.tanh(l_hidden(h + inp))
    answer: Tensor = l_out(h)
    return answer


def the_pair(model: Model, ids: Tensor) -> Tensor:
    """Lesson six: inp = relu(l_in(cat(h, e(c)))); h = tanh(l_hidden(inp))."""
    e, l_in, l_hidden, l_out = map(model.get_submodule, LAYERS)
    h = torch.zeros(len(ids), HIDDEN)
    for c in ids.unbind(dim=1):
        inp = torch.cat((h, e(c)), dim=1)
        inp = F.relu(l_in(inp))
        h = torch.tanh(l_hidden(inp))
    answer: Tensor = l_out(h)
    return answer


Way = Callable[[Model, Tensor], Tensor]


@pytest.mark.parametrize(
    ("name", "way", "steps"),
    [
        ("Char3", the_sum, 3),
        *[("CharLoop", the_sum, steps) for steps in (1, 3, 8)],
        *[("CharLoopConcat", the_pair, steps) for steps in (1, 3, 8)],
    ],
)
def test_looking_up_is_the_lectures_way(name: str, way: Way, steps: int) -> None:
    ours = network(name)
    lecture = deepcopy(ours)
    ids, targets = batch(steps)
    mine, theirs = ours(ids)[0], way(lecture, ids)
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)
    F.cross_entropy(mine, targets).backward()
    F.cross_entropy(theirs, targets).backward()
    for place, weight in ours.named_parameters():
        expected = lecture.get_parameter(place).grad
        assert expected is not None
        assert expected.any(), f"{place} must matter"
        torch.testing.assert_close(weight.grad, expected, rtol=0, atol=1e-12)


def test_the_loop_over_a_sum_is_an_rnn_with_one_matrix() -> None:
    ours = network("CharLoop")
    twin = deepcopy(ours)
    e, l_in, l_hidden, l_out = map(twin.get_submodule, LAYERS)
    rnn = nn.RNN(HIDDEN, HIDDEN, batch_first=True)
    matrix, bias = l_hidden.state_dict().values()
    weights = {"weight_ih_l0": matrix, "weight_hh_l0": matrix}
    rnn.load_state_dict({**weights, "bias_ih_l0": bias, "bias_hh_l0": torch.zeros(HIDDEN)})
    ids, targets = batch(8)
    outputs, last = rnn(F.relu(l_in(e(ids))))
    theirs = l_out(outputs[:, -1])
    mine, state = ours(ids)
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)
    torch.testing.assert_close(state, last[0], rtol=0, atol=1e-12)
    F.cross_entropy(mine, targets).backward()
    F.cross_entropy(theirs, targets).backward()
    grads = {name: weight.grad for name, weight in twin.named_parameters()}
    of_rnn = {name: weight.grad for name, weight in rnn.named_parameters()}
    of_input, of_state = of_rnn["weight_ih_l0"], of_rnn["weight_hh_l0"]
    assert of_input is not None
    assert of_state is not None
    # The one matrix stands in both places, so it gets the gradients of both.
    grads["l_hidden.weight"] = of_input + of_state
    grads["l_hidden.bias"] = of_rnn["bias_ih_l0"]
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight.grad, grads[name], rtol=0, atol=1e-12)


def test_three_characters_unrolled_are_the_loop() -> None:
    unrolled, loop = network("Char3"), network("CharLoop")
    loop.load_state_dict(unrolled.state_dict())
    ids, _ = batch(3)
    for mine, theirs in zip(unrolled(ids), loop(ids), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_three_characters_are_three(steps: int) -> None:
    with pytest.raises(PipelineError, match=rf"reads three characters, not {steps}\."):
        network("Char3")(batch(steps)[0])


@pytest.mark.parametrize("name", LOOPS)
@given(cut=st.integers(1, 7))
def test_a_state_continues_a_text(name: str, cut: int) -> None:
    model = network(name)
    ids, _ = batch(8)
    _, state = model(ids[:, :cut])
    for mine, whole in zip(model(ids[:, cut:], state), model(ids), strict=True):
        torch.testing.assert_close(mine, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", LOOPS)
def test_the_order_of_the_characters_matters(name: str) -> None:
    there, back = network(name)(torch.tensor([[1, 2, 3], [3, 2, 1]]))[0]
    assert (there - back).abs().max() > 1e-3
