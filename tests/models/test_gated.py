"""GRU and LSTM gate by gate, against nn.GRU and nn.LSTM and against true one-hot vectors."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.base import Model, State

CHARACTERS, ANSWERS, HIDDEN, BATCH = 9, 7, 5, 4
GATES = {"Gru": "rzh", "Lstm": "ifco"}  # as nn.GRU and nn.LSTM order them: r, z, n; i, f, g, o
RNNS: dict[str, type[nn.RNNBase]] = {"Gru": nn.GRU, "Lstm": nn.LSTM}
CELLS = pytest.mark.parametrize("name", GATES)
STEPS = pytest.mark.parametrize("steps", [1, 2, 8, 35])
CARRIED = pytest.mark.parametrize("carried", [False, True])

Parts = tuple[Tensor, ...]  # H of a GRU, H and C of an LSTM
close = torch.testing.assert_close
pytestmark = pytest.mark.usefixtures("doubles")


def fresh(name: str, inputs: int = CHARACTERS, outputs: int = ANSWERS, **changes: Any) -> Model:
    torch.manual_seed(0)
    spec = {"module": "gated", "name": name, "inputs": inputs, "outputs": outputs}
    return contract.build({**spec, "settings": {"hidden": HIDDEN, **changes}})


def network(name: str) -> Model:
    """Weights and biases so large that every gate opens and closes."""
    model = fresh(name)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.8)
    return model


def batch(steps: int) -> Tensor:
    return torch.randint(CHARACTERS, (BATCH, steps))


def parts_before(name: str, carried: bool) -> Parts:
    """What a state consists of, each part asking for its gradient; nothing if none is carried."""
    count = {"Gru": 1, "Lstm": 2}[name] if carried else 0
    return tuple(torch.randn(BATCH, HIDDEN, requires_grad=True) for _ in range(count))


def as_state(parts: Parts) -> State:
    """As the networks take it, ours and PyTorch's: a pair for an LSTM, one tensor for a GRU."""
    return None if not parts else parts if len(parts) == 2 else parts[0]


def gradients(answers: Tensor, after: State, of: Iterable[Tensor]) -> Parts:
    """Of a weighted sum of all that a network says, its state at the end too."""
    said = [answers, *(after if isinstance(after, tuple) else (after,))]
    torch.manual_seed(1)
    return torch.autograd.grad(said, tuple(of), [torch.randn(value.shape) for value in said])


def twin(name: str, ours: Model) -> tuple[nn.RNNBase, nn.Linear]:
    """PyTorch's own network and output layer with our weights; its second bias is 0."""
    weights, gates = ours.state_dict(), GATES[name]
    rnn = RNNS[name](CHARACTERS, HIDDEN, batch_first=True)
    rnn.load_state_dict(
        {
            "weight_ih_l0": torch.cat([weights[f"W_x{gate}"].T for gate in gates]),
            "weight_hh_l0": torch.cat([weights[f"W_h{gate}"].T for gate in gates]),
            "bias_ih_l0": torch.cat([weights[f"b_{gate}"] for gate in gates]),
            "bias_hh_l0": torch.zeros(len(gates) * HIDDEN),
        }
    )
    output = nn.Linear(HIDDEN, ANSWERS)
    output.load_state_dict({"weight": weights["W_hq"].T, "bias": weights["b_q"]})
    return rnn, output


@CELLS
@STEPS
@CARRIED
def test_it_is_the_network_of_pytorch(name: str, steps: int, carried: bool) -> None:
    ours = network(name)
    rnn, output = twin(name, ours)
    ids, before = batch(steps), parts_before(name, carried)
    mine, my_state = ours(ids, as_state(before))
    vectors = F.one_hot(ids, CHARACTERS).to(torch.get_default_dtype())
    outputs, last = rnn(vectors, as_state(tuple(part[None] for part in before)))
    theirs, their_state = output(outputs), last[0] if name == "Gru" else (last[0][0], last[1][0])
    close(mine, theirs, rtol=0, atol=1e-12)
    close(my_state, their_state, rtol=0, atol=1e-12)

    names, weights = zip(*ours.named_parameters(), strict=True)
    found = gradients(mine, my_state, [*weights, *before])
    w_ih, w_hh, b_ih, w_hq, b_q, *of_state = gradients(
        theirs,
        their_state,
        [
            *map(rnn.get_parameter, ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0")),
            *output.parameters(),
            *before,
        ],
    )
    expected = {"W_hq": w_hq.T, "b_q": b_q}
    for place, gate in enumerate(GATES[name]):
        mine_of_three = slice(place * HIDDEN, (place + 1) * HIDDEN)
        expected[f"W_x{gate}"] = w_ih[mine_of_three].T
        expected[f"W_h{gate}"] = w_hh[mine_of_three].T
        expected[f"b_{gate}"] = b_ih[mine_of_three]
    assert set(names) == set(expected)
    for weight, gradient in zip(names, found, strict=False):
        assert not carried or gradient.any(), f"{weight} must matter"
        close(gradient, expected[weight], rtol=0, atol=1e-10, msg=lambda m, w=weight: f"{w}: {m}")
    close(found[len(names) :], tuple(of_state), rtol=0, atol=1e-10)


def the_gru(w: Any, xs: Iterable[Tensor], before: Parts) -> tuple[list[Tensor], State]:
    """The lecture's loop: three gates, each of X, H and a bias."""
    (h,) = before or (torch.zeros(BATCH, HIDDEN),)
    outputs = []
    for x in xs:
        z = torch.sigmoid(x @ w.W_xz + h @ w.W_hz + w.b_z)
        r = torch.sigmoid(x @ w.W_xr + h @ w.W_hr + w.b_r)
        h_tilda = torch.tanh(x @ w.W_xh + r * (h @ w.W_hh) + w.b_h)
        h = z * h + (1 - z) * h_tilda
        outputs.append(h @ w.W_hq + w.b_q)
    return outputs, h


def the_lstm(w: Any, xs: Iterable[Tensor], before: Parts) -> tuple[list[Tensor], State]:
    """The lecture's loop: four gates and a memory cell."""
    h, c = before or (torch.zeros(BATCH, HIDDEN), torch.zeros(BATCH, HIDDEN))
    outputs = []
    for x in xs:
        i = torch.sigmoid(x @ w.W_xi + h @ w.W_hi + w.b_i)
        f = torch.sigmoid(x @ w.W_xf + h @ w.W_hf + w.b_f)
        o = torch.sigmoid(x @ w.W_xo + h @ w.W_ho + w.b_o)
        c_tilda = torch.tanh(x @ w.W_xc + h @ w.W_hc + w.b_c)
        c = f * c + i * c_tilda
        h = o * torch.tanh(c)
        outputs.append(h @ w.W_hq + w.b_q)
    return outputs, (h, c)


Way = Callable[[Any, Iterable[Tensor], Parts], tuple[list[Tensor], State]]


@pytest.mark.parametrize(("name", "way"), [("Gru", the_gru), ("Lstm", the_lstm)])
@STEPS
@CARRIED
def test_looking_up_is_the_lectures_way(name: str, way: Way, steps: int, carried: bool) -> None:
    ours = network(name)
    lecture = deepcopy(ours)
    ids, before = batch(steps), parts_before(name, carried)
    mine, my_state = ours(ids, as_state(before))
    vectors = F.one_hot(ids.T, CHARACTERS).to(torch.get_default_dtype())
    outputs, their_state = way(lecture, vectors, before)
    theirs = torch.stack(outputs, dim=1)
    close(mine, theirs, rtol=0, atol=1e-12)
    close(my_state, their_state, rtol=0, atol=1e-12)
    close(
        gradients(mine, my_state, [*ours.parameters(), *before]),
        gradients(theirs, their_state, [*lecture.parameters(), *before]),
        rtol=0,
        atol=1e-10,
    )


@CELLS
@pytest.mark.parametrize("changes", [{}, {"scale": 0.3}])
def test_weights_are_small_at_first_and_biases_are_zero(
    name: str, changes: dict[str, float]
) -> None:
    model, scale = fresh(name, inputs=60, outputs=50, hidden=80, **changes), 0.01
    scale = changes.get("scale", scale)
    matrices = {place: weight for place, weight in model.named_parameters() if weight.ndim == 2}
    assert len(matrices) == 2 * len(GATES[name]) + 1
    for place, weight in model.named_parameters():
        if place not in matrices:
            assert not weight.any(), f"{place} is a bias"
            continue
        # Five standard errors of a mean, and of a standard deviation.
        assert abs(weight.mean().item()) < 5 * scale / weight.numel() ** 0.5, place
        assert abs(weight.std().item() / scale - 1) < 5 / (2 * weight.numel()) ** 0.5, place


@CELLS
def test_no_two_gates_begin_alike(name: str) -> None:
    weights = fresh(name).state_dict()
    for kind in ("W_x", "W_h"):
        of_gates = [weights[kind + gate] for gate in GATES[name]]
        for place, one in enumerate(of_gates):
            assert not any(torch.equal(one, other) for other in of_gates[place + 1 :])


@CELLS
@given(cut=st.integers(1, 11))
def test_a_state_continues_a_text(name: str, cut: int) -> None:
    model, ids = network(name), batch(12)
    first, state = model(ids[:, :cut])
    second, last = model(ids[:, cut:], state)
    whole, its_last = model(ids)
    assert whole.shape == (BATCH, 12, ANSWERS)
    close(torch.cat([first, second], dim=1), whole, rtol=0, atol=1e-12)
    close(last, its_last, rtol=0, atol=1e-12)
    assert not torch.allclose(model(ids[:, cut:])[0], second, atol=1e-3), "the state must matter"


@CELLS
@pytest.mark.parametrize(
    ("key", "value"), [("layers", 2), ("hidden", 0), ("scale", 0.0), ("scale", -0.01)]
)
def test_a_wrong_setting_is_refused_by_name(name: str, key: str, value: float) -> None:
    with pytest.raises(PipelineError, match=rf"settings: {key}: "):
        fresh(name, **{key: value})
