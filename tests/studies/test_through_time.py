"""The gradient's reach against the mathematics: unrolled by hand, gate by gate, and bounded."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.studies.gradient_flow import gradients, jacobian_norms, leaves, reach, rebuilt

CHARACTERS, HIDDEN = 7, 5
NETWORKS = {
    "rnn": ("char_rnns", "CharSeqRnn", {"embedding": 4}),
    "last only": ("char_rnns", "CharRnn", {"embedding": 4}),
    "tutorial": ("char_rnn", "CharRnnClassifier", {}),
    "loop": ("char_loops", "CharLoop", {"embedding": 4}),
    "gru": ("language_model", "LanguageModel", {"cell": "gru", "embedding": 4}),
    "lstm": ("language_model", "LanguageModel", {"cell": "lstm", "embedding": 4}),
    "classifier": ("recurrent_classifier", "RecurrentClassifier", {"cell": "lstm", "embedding": 4}),
    "scratch gru": ("gated", "Gru", {"scale": 0.5}),
    "scratch lstm": ("gated", "Lstm", {"scale": 0.5}),
    "one-hot gru": ("stacked", "Stacked", {"cell": "gru"}),
    "one-hot lstm": ("stacked", "Stacked", {"cell": "lstm"}),
}


def network(kind: str, seed: int = 0, **changes: Any) -> contract.Model:
    module, name, settings = NETWORKS[kind]
    torch.manual_seed(seed)
    settings = {**settings, "hidden": HIDDEN, **changes}
    return contract.build(
        {"module": module, "name": name, "inputs": CHARACTERS, "outputs": 3, "settings": settings}
    )


def questions(steps: int = 6, records: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, CHARACTERS, (records, steps), generator=generator)
    return ids, torch.randint(0, 3, (records,), generator=generator)


def test_an_rnns_gradients_are_those_of_its_equations_unrolled() -> None:
    model, (ids, targets) = network("rnn"), questions()
    rnn: Any = model.rnn
    h, states = torch.zeros(len(ids), HIDDEN), []
    for c in ids.T:
        x = model.get_parameter("e.weight")[c]
        h = torch.tanh(
            x @ rnn.weight_ih_l0.T + rnn.bias_ih_l0 + h @ rnn.weight_hh_l0.T + rnn.bias_hh_l0
        )
        states.append(h)
    logits = h @ model.get_parameter("l_out.weight").T + model.get_parameter("l_out.bias")
    F.cross_entropy(logits, targets, reduction="sum").backward(inputs=states[:-1])
    wanted = torch.stack([state.grad for state in reversed(states[:-1]) if state.grad is not None])
    found = gradients(model, ids, targets)
    assert found.keys() == {"h"}
    assert torch.allclose(found["h"], wanted.double(), atol=1e-6)


def test_a_linear_networks_gradient_is_a_power_of_its_matrix() -> None:
    model, (ids, targets) = network("tutorial"), questions()
    (w,) = model.recurrent().values()
    found = gradients(model, ids, targets)["h"]
    for step, gradient in enumerate(found[1:], 1):
        power = torch.linalg.matrix_power(w.detach().double(), step)
        assert torch.allclose(gradient, found[0] @ power, atol=1e-6)
    largest = torch.linalg.svdvals(w.detach().double())[0]
    assert torch.allclose(jacobian_norms(model, ids[:1]), largest.expand(4), atol=1e-6)


def test_the_jacobian_of_an_rnn_is_that_of_the_lecture() -> None:
    model, (ids, _) = network("rnn"), questions(records=1)
    w = model.recurrent()["l0 h"].detach().double()
    state, wanted = None, []
    for number, step in enumerate(ids.T[:, :, None]):
        with torch.no_grad():
            _, state = model(step, state)
        if 0 < number < ids.shape[1] - 1:
            slope = 1 - state.flatten().double() ** 2
            wanted.append(torch.linalg.matrix_norm(slope.diag() @ w, ord=2))
    assert torch.allclose(jacobian_norms(model, ids), torch.stack(wanted), atol=1e-6)


@pytest.mark.parametrize("kind", ["lstm", "scratch lstm", "one-hot lstm"])
def test_with_the_cell_alone_only_forget_gates_are_left(kind: str) -> None:
    model, (ids, targets) = network(kind), questions()
    forgotten = forget_gates(model, ids)
    found = gradients(model, ids, targets, cell_path=True)["c"]
    for back in range(1, len(found)):
        assert torch.allclose(found[back], found[back - 1] * forgotten[-1 - back], atol=1e-6)


def forget_gates(model: contract.Model, ids: Tensor) -> list[Tensor]:
    """sigma(W_if x + b_if + W_hf h + b_hf) at each step."""
    weights = {name.split(".")[-1]: value.detach() for name, value in model.named_parameters()}
    state, found = None, []
    for c in ids.T:
        h = torch.zeros(len(ids), HIDDEN) if state is None else leaves(state)[0].reshape(-1, HIDDEN)
        if "W_hf" in weights:
            inner = weights["W_xf"][c] + h @ weights["W_hf"] + weights["b_f"]
        else:
            one_hot = "embedding.weight" not in dict(model.named_parameters())
            x = (
                F.one_hot(c, CHARACTERS).float()
                if one_hot
                else model.get_parameter("embedding.weight")[c]
            )
            gates = x @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
            gates = gates + h @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
            inner = gates.chunk(4, dim=1)[1]
        found.append(torch.sigmoid(inner).detach().double())
        with torch.no_grad():
            _, state = model(c[:, None], state)
    return found


@pytest.mark.parametrize("kind", NETWORKS)
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 8))
def test_no_gradient_is_longer_than_its_bound(kind: str, seed: int, steps: int) -> None:
    ids, targets = questions(steps, records=2, seed=seed)
    found = reach(network(kind, seed), ids, targets, bounded=2)
    measured = torch.stack(
        [found.by_part[part] ** 2 for part in ("h", "c") if part in found.by_part]
    )
    measured = measured.sum(dim=0).sqrt()
    assert found.bound.shape == measured.shape == (steps - 1, 2)
    assert torch.allclose(found.bound[:1], measured[:1])
    assert (measured <= found.bound * (1 + 1e-5) + 1e-12).all()


@pytest.mark.parametrize("kind", NETWORKS)
def test_step_by_step_is_the_network_itself(kind: str) -> None:
    model, (ids, _) = network(kind).eval(), questions()
    state: Any = None
    for step in ids.T[:, :, None]:
        logits, state = model(step, state)
    whole = model(ids)[0]
    last = whole[:, -1] if whole.dim() == 3 else whole
    assert torch.allclose(logits.flatten(0, -2), last, atol=1e-6)


def test_what_is_measured_leaves_no_gradient_behind() -> None:
    model, (ids, targets) = network("gru"), questions()
    reach(model, ids, targets, bounded=1)
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("changes", [{"layers": 2}, {"cell": "lstm", "layers": 2}])
def test_a_deeper_network_is_refused(changes: dict[str, Any]) -> None:
    for kind in ("gru", "one-hot gru"):
        with pytest.raises(PipelineError, match="one layer"):
            reach(network(kind, **changes), *questions(), bounded=1)


def test_a_state_is_rebuilt_as_it_was() -> None:
    parts = [torch.zeros(1, 2, 3), torch.ones(1, 2, 3)]
    for state in (parts[0], (parts[0], parts[1]), ((parts[0], parts[1]),), (parts[0],)):
        again = rebuilt(state, leaves(state))
        assert type(again) is type(state)
        assert [id(part) for part in leaves(again)] == [id(part) for part in leaves(state)]
