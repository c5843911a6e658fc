"""Seeds depend on names alone."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from recurrent.training.seeding import derive, generator, seed_torch


def test_a_seed_is_the_same_on_every_machine() -> None:
    assert derive("names_gru", 0, "weights") == 2289101511018522032


@given(st.lists(st.text() | st.integers(), max_size=4))
def test_torch_and_numpy_accept_every_seed(parts: list[str | int]) -> None:
    assert 0 <= derive(*parts) < 2**63
    seed_torch(*parts)
    generator(*parts)


def test_earlier_draws_do_not_matter() -> None:
    seed_torch("a", 1)
    first = torch.rand(3)
    torch.rand(100)
    seed_torch("a", 1)
    assert torch.equal(first, torch.rand(3))


def test_different_purposes_have_different_streams() -> None:
    assert derive("names", 1) != derive("names", 2) != derive("name", 1)
    assert generator("a").random() != generator("b").random()
