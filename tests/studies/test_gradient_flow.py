"""Gradients through time against the mathematics: unrolled, gate by gate, and bounded."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import Model
from recurrent.studies import gradient_flow as flow
from recurrent.studies.gradient_flow import gradients, jacobian_norms, like, tensors

TOKENS, HIDDEN = 7, 5
NETWORKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "rnn": ("nietzsche", "CharSeqRnn", {"embedding": 4}),
    "last only": ("nietzsche", "CharRnn", {"embedding": 4}),
    "tutorial": ("names", "TutorialClassifier", {}),
    "loop": ("nietzsche", "CharLoop", {"embedding": 4}),
    "gru": ("nietzsche", "StatefulRnn", {"cell": "gru", "embedding": 4}),
    "lstm": ("nietzsche", "StatefulRnn", {"cell": "lstm", "embedding": 4}),
    "classifier": ("names", "RecurrentClassifier", {"cell": "lstm", "embedding": 4}),
    "scratch gru": ("lyrics", "Gru", {"scale": 0.5}),
    "scratch lstm": ("lyrics", "Lstm", {"scale": 0.5}),
    "one-hot gru": ("lyrics", "Stacked", {"cell": "gru"}),
    "one-hot lstm": ("lyrics", "Stacked", {"cell": "lstm"}),
}


def network(kind: str, seed: int = 0, **changes: Any) -> Model:
    module, name, settings = NETWORKS[kind]
    torch.manual_seed(seed)
    settings = {**settings, "hidden": HIDDEN, **changes}
    spec = {"module": module, "name": name, "inputs": TOKENS, "outputs": 3}
    return base.build({**spec, "settings": settings})


def batch(steps: int = 6, records: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, TOKENS, (records, steps), generator=generator)
    return ids, torch.randint(0, 3, (records,), generator=generator)


def test_an_rnns_gradients_are_those_of_its_equations_unrolled() -> None:
    model, (ids, targets) = network("rnn"), batch()
    rnn: Any = model.rnn
    h, states = torch.zeros(len(ids), HIDDEN), []
    for c in ids.T:
        x = model.get_parameter("e.weight")[c]
        inner = x @ rnn.weight_ih_l0.T + rnn.bias_ih_l0 + h @ rnn.weight_hh_l0.T + rnn.bias_hh_l0
        h = torch.tanh(inner)
        states.append(h)
    logits = h @ model.get_parameter("l_out.weight").T + model.get_parameter("l_out.bias")
    F.cross_entropy(logits, targets, reduction="sum").backward(inputs=states[:-1])
    wanted = torch.stack([state.grad for state in reversed(states[:-1]) if state.grad is not None])
    found = gradients(model, ids, targets)
    assert found.keys() == {"h"}
    assert torch.allclose(found["h"], wanted.double(), atol=1e-6)


def test_the_jacobian_of_an_rnn_is_that_of_the_lecture() -> None:
    model, (ids, _) = network("rnn"), batch(records=1)
    w = model.recurrent_matrices()["l0 h"].detach().double()
    state, wanted = None, []
    for number, step in enumerate(ids.T[:, :, None]):
        with torch.no_grad():
            _, state = model(step, state)
        if 0 < number < ids.shape[1] - 1:
            slope = 1 - state.flatten().double() ** 2  # tanh'
            wanted.append(torch.linalg.matrix_norm(slope.diag() @ w, ord=2))
    assert torch.allclose(jacobian_norms(model, ids), torch.stack(wanted), atol=1e-6)


@pytest.mark.parametrize("kind", ["lstm", "scratch lstm", "one-hot lstm"])
def test_along_the_cell_only_forget_gates_multiply(kind: str) -> None:
    model, (ids, targets) = network(kind), batch()
    forgotten = forget_gates(model, ids)
    found = gradients(model, ids, targets, cell_only=True)["c"]
    for back in range(1, len(found)):
        assert torch.allclose(found[back], found[back - 1] * forgotten[-1 - back], atol=1e-6)


def forget_gates(model: Model, ids: Tensor) -> list[Tensor]:
    """sigma(W_if x + b_if + W_hf h + b_hf) at each step."""
    weights = {name.split(".")[-1]: value.detach() for name, value in model.named_parameters()}
    state, found = None, []
    for c in ids.T:
        h = torch.zeros(len(ids), HIDDEN)
        h = h if state is None else tensors(state)[0].reshape(-1, HIDDEN)
        if "W_hf" in weights:
            inner = weights["W_xf"][c] + h @ weights["W_hf"] + weights["b_f"]
        else:
            one_hot = "embedding.weight" not in dict(model.named_parameters())
            vectors = torch.eye(TOKENS) if one_hot else model.get_parameter("embedding.weight")
            gates = vectors[c] @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
            gates = gates + h @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
            inner = gates.chunk(4, dim=1)[1]
        found.append(torch.sigmoid(inner).detach().double())
        with torch.no_grad():
            _, state = model(c[:, None], state)
    return found


@pytest.mark.parametrize("kind", NETWORKS)
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 8))
def test_no_gradient_is_longer_than_its_bound(kind: str, seed: int, steps: int) -> None:
    model, (ids, targets) = network(kind, seed), batch(steps, records=2, seed=seed)
    found = flow.gradient_flow(model, ids, targets, bounded=2)
    assert found.bound.shape == found.whole.shape == (steps - 1, 2)
    assert torch.allclose(found.bound[:1], found.whole[:1])
    assert (found.whole <= found.bound * (1 + 1e-5) + 1e-12).all()
    assert (found.by_part["h"] <= found.whole * (1 + 1e-12)).all()
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("kind", NETWORKS)
def test_step_by_step_is_the_network_itself(kind: str) -> None:
    model, (ids, _) = network(kind).eval(), batch()
    state: Any = None
    for step in ids.T[:, :, None]:
        logits, state = model(step, state)
    whole = model(ids)[0]
    last = whole[:, -1] if whole.dim() == 3 else whole
    assert torch.allclose(logits.flatten(0, -2), last, atol=1e-6)
    again = like(state, tensors(state))
    assert type(again) is type(state)
    assert all(one is other for one, other in zip(tensors(again), tensors(state), strict=True))


@pytest.mark.parametrize("kind", ["gru", "one-hot gru"])
def test_a_deeper_network_is_refused(kind: str) -> None:
    with pytest.raises(PipelineError, match="one layer and one direction"):
        flow.gradient_flow(network(kind, layers=2), *batch(), bounded=1)


def test_the_table_has_medians_and_a_bound_above_them() -> None:
    found = flow.table(flow.gradient_flow(network("lstm"), *batch(records=9), bounded=2))
    assert [*found["state"].unique()] == ["h", "c", flow.FORGET_PATH]
    hidden = found[found["state"] == "h"]
    assert [*hidden["back"]] == [1, 2, 3, 4, 5]
    assert (found["low"] <= found["gradient"]).all() and (found["gradient"] <= found["high"]).all()
    assert (hidden["gradient"] <= hidden["bound"] * 1.001).all()
    assert flow.table(flow.gradient_flow(network("gru"), *batch(1), bounded=2)).empty


def test_the_decay_is_the_mean_factor_per_step_of_h() -> None:
    def decay(sizes: list[float]) -> float:
        rows = [("h", size) for size in sizes] + [("c", 1e9)]
        return flow.decay(pd.DataFrame(rows, columns=["state", "gradient"]))

    assert decay([8.0 * 0.5**back for back in range(5)]) == pytest.approx(0.5)
    assert decay([*(8.0 * 0.5**back for back in range(5)), 0.0]) == pytest.approx(0.5)
    assert all(np.isnan(decay(sizes)) for sizes in ([], [1.0], [0.0, 0.0], [1.0, 0.0]))
