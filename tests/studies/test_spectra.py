"""What multiplies the hidden state: a matrix for each gate, and its singular values."""

import numpy as np
import pytest
import torch

from recurrent.studies.spectra import ranks, singular_values, spectral_radius, table
from tests.studies.test_gradient_flow import HIDDEN, NETWORKS, network

GATES = {"gru": 3, "scratch gru": 3, "one-hot gru": 3, "lstm": 4, "classifier": 4}
GATES |= {"scratch lstm": 4, "one-hot lstm": 4}


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_gate_has_a_matrix_of_its_own(kind: str) -> None:
    values = singular_values(network(kind))
    assert len(values) == GATES.get(kind, 1)
    for found in values.values():
        assert found.shape == (HIDDEN,)
        assert (np.diff(found) <= 0).all()


@pytest.mark.parametrize("kind", ["rnn", "tutorial"])
def test_the_matrix_is_what_the_state_is_multiplied_by(kind: str) -> None:
    model = network(kind)
    (w,) = model.recurrent_matrices().values()
    with torch.no_grad():
        w.zero_()  # so nothing is left of earlier tokens
    ids = torch.tensor([[1, 2], [3, 2]])
    first, second = (model(ids[:, :1])[1], model(ids)[1])
    assert not torch.allclose(first.flatten(0, -2)[0], first.flatten(0, -2)[1])
    assert torch.allclose(second.flatten(0, -2)[0], second.flatten(0, -2)[1])


def test_the_radius_of_the_identity_is_one_and_that_of_a_permutation_too() -> None:
    model = network("rnn", recurrent_init="identity")
    assert spectral_radius(model) == pytest.approx(1)
    (w,) = model.recurrent_matrices().values()
    with torch.no_grad():
        w.copy_(2 * torch.eye(HIDDEN).roll(1, dims=0))
    assert spectral_radius(model) == pytest.approx(2)
    assert singular_values(model)["l0 h"] == pytest.approx(2 * np.ones(HIDDEN))


@pytest.mark.parametrize("size", [1, 5, 40, 256])
def test_the_first_and_the_last_rank_are_always_kept(size: int) -> None:
    found = ranks(size)
    assert (found[0], found[-1]) == (1, size)
    assert (np.diff(found) > 0).all() and len(found) <= 40
    values = np.sort(np.random.default_rng(0).random(size))[::-1]
    kept = table({"l0 h": values})
    assert [*kept["singular_value"]] == [values[rank - 1] for rank in kept["rank"]]
