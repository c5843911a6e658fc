"""Lesson 6's networks against the lecture's own code."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.models.base import Model, detach
from recurrent.models.nietzsche import CharRnn
from tests.models.networks import BATCH, HIDDEN, SIZES, batch, gradients, network

close = torch.testing.assert_close
pytestmark = pytest.mark.usefixtures("doubles")
Lecture = Callable[[Model, Tensor], Tensor]


def char3(m: Model, ids: Tensor) -> Tensor:
    e, l_in, l_hidden, l_out = layers(m)
    in1 = F.relu(l_in(e(ids[:, 0])))
    in2 = F.relu(l_in(e(ids[:, 1])))
    in3 = F.relu(l_in(e(ids[:, 2])))
    h = torch.zeros(in1.size())
    h = torch.tanh(l_hidden(h + in1))
    h = torch.tanh(l_hidden(h + in2))
    h = torch.tanh(l_hidden(h + in3))
    return l_out(h)


def char_loop(m: Model, ids: Tensor) -> Tensor:
    e, l_in, l_hidden, l_out = layers(m)
    h = torch.zeros(BATCH, HIDDEN)
    for c in ids.T:
        inp = F.relu(l_in(e(c)))
        h = torch.tanh(l_hidden(h + inp))
    return l_out(h)


def char_loop_concat(m: Model, ids: Tensor) -> Tensor:
    e, l_in, l_hidden, l_out = layers(m)
    h = torch.zeros(BATCH, HIDDEN)
    for c in ids.T:
        inp = torch.cat((h, e(c)), 1)
        inp = F.relu(l_in(inp))
        h = torch.tanh(l_hidden(inp))
    return l_out(h)


def layers(m: Model) -> list[Callable[[Tensor], Tensor]]:
    return [m.get_submodule(name) for name in ("e", "l_in", "l_hidden", "l_out")]


@pytest.mark.parametrize(
    ("name", "lecture", "steps"),
    [
        ("Char3", char3, 3),
        ("CharLoop", char_loop, 1),
        ("CharLoop", char_loop, 8),
        ("CharLoopConcat", char_loop_concat, 1),
        ("CharLoopConcat", char_loop_concat, 8),
    ],
)
def test_a_loop_is_the_lectures_code(name: str, lecture: Lecture, steps: int) -> None:
    model, ids = network(name, **SIZES), batch(steps=steps)
    logits, expected = model(ids)[0], lecture(model, ids)
    close(logits, expected, rtol=0, atol=1e-12)
    found = gradients(logits, None, model.parameters())
    close(found, gradients(expected, None, model.parameters()), rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 8])
def test_char3_reads_three_characters(steps: int) -> None:
    with pytest.raises(PipelineError, match=rf"reads 3 characters, got {steps}\..*`window: 3`"):
        network("Char3", **SIZES)(batch(steps=steps))


@pytest.mark.parametrize("init", ["random", "identity"])
def test_char_rnn_is_the_recurrence_written_out(init: str) -> None:
    model = network("CharRnn", **SIZES, recurrent_init=init)
    assert isinstance(model, CharRnn)
    each = network("CharSeqRnn", **SIZES, recurrent_init=init)
    w, ids = dict(model.rnn.named_parameters()), batch()
    h, expected = torch.zeros(BATCH, HIDDEN), []
    for x in model.e(ids).unbind(dim=1):
        of_x = x @ w["weight_ih_l0"].T + w["bias_ih_l0"]
        h = torch.tanh(of_x + h @ w["weight_hh_l0"].T + w["bias_hh_l0"])
        expected.append(model.l_out(h))
    logits, state = model(ids)
    close(logits, expected[-1], rtol=0, atol=1e-12)
    close(state, h[None], rtol=0, atol=1e-12)
    close(each(ids)[0], torch.stack(expected, dim=1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["CharRnn", "CharSeqRnn"])
def test_identity_replaces_the_recurrent_matrix_and_nothing_else(name: str) -> None:
    random = network(name, **SIZES).state_dict()
    identity = network(name, **SIZES, recurrent_init="identity").state_dict()
    assert {n for n in random if not torch.equal(random[n], identity[n])} == {"rnn.weight_hh_l0"}
    assert torch.equal(identity["rnn.weight_hh_l0"], torch.eye(HIDDEN))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_detached_state_keeps_the_gradient_in_its_window(cell: str) -> None:
    model = network("StatefulRnn", **SIZES, cell=cell)
    weight = model.get_parameter("embedding.weight")
    ones, twos = torch.full((BATCH, 4), 1), torch.full((BATCH, 4), 2)
    _, state = model(ones)
    for carried, reaches in ((state, True), (detach(state), False)):
        (gradient,) = gradients(model(twos, carried)[0], None, [weight])
        assert gradient[2].any()
        assert bool(gradient[1].any()) == reaches
