"""What multiplies the hidden state: the matrices of each family, their singular values."""

import numpy as np
import pytest
import torch
from torch import nn

from recurrent.models import base as contract
from recurrent.studies.spectra import radius, ranks, singular_values
from tests.studies.test_through_time import HIDDEN, NETWORKS, network

GATES = {"rnn": 1, "last only": 1, "tutorial": 1, "loop": 1, "gru": 3, "lstm": 4}
GATES |= {"classifier": 4, "scratch gru": 3, "scratch lstm": 4, "one-hot gru": 3, "one-hot lstm": 4}


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_gate_has_a_matrix_of_its_own(kind: str) -> None:
    values = singular_values(network(kind))
    assert len(values) == GATES[kind]
    for found in values.values():
        assert found.shape == (HIDDEN,)
        assert (np.diff(found) <= 0).all()


@pytest.mark.parametrize("kind", ["rnn", "tutorial"])
def test_the_matrix_is_what_the_state_is_multiplied_by(kind: str) -> None:
    model = network(kind)
    (w,) = model.recurrent().values()
    with torch.no_grad():
        w.zero_()  # and nothing is left of what came before
    ids = torch.tensor([[1, 2], [3, 2]])
    first, second = (model(ids[:, :1])[1], model(ids)[1])
    assert not torch.allclose(first.flatten(0, -2)[0], first.flatten(0, -2)[1])
    assert torch.allclose(second.flatten(0, -2)[0], second.flatten(0, -2)[1])


def test_gates_are_named_as_pytorch_orders_them() -> None:
    gru = nn.GRU(2, 3, num_layers=2)
    found = contract.of_gates(gru)
    assert [*found] == ["l0 r", "l0 z", "l0 n", "l1 r", "l1 z", "l1 n"]
    assert torch.equal(found["l1 z"], gru.get_parameter("weight_hh_l1")[3:6])


def test_layers_of_a_stack_are_told_apart() -> None:
    assert [*network("one-hot gru", layers=2).recurrent()] == [
        f"{layer} l0 {gate}" for layer in (1, 2) for gate in "rzn"
    ]


def test_the_radius_of_the_identity_is_one_and_of_a_rotation_too() -> None:
    model = network("rnn", recurrent="identity")
    assert radius(model) == pytest.approx(1)
    (w,) = model.recurrent().values()
    with torch.no_grad():
        w.copy_(2 * torch.eye(HIDDEN).roll(1, dims=0))
    assert radius(model) == pytest.approx(2)
    assert singular_values(model)["l0 h"] == pytest.approx(2 * np.ones(HIDDEN))


@pytest.mark.parametrize("size", [1, 2, 5, 40, 256])
def test_the_first_and_the_last_rank_are_always_there(size: int) -> None:
    found = ranks(size)
    assert (found[0], found[-1]) == (1, size)
    assert (np.diff(found) > 0).all() and len(found) <= 40
