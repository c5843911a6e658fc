"""Fast forms against what they stand for."""

from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recurrent.models import fast
from recurrent.models.base import CELLS as RNNS
from recurrent.models.base import State
from tests.models.networks import (
    BATCH,
    HIDDEN,
    NETWORKS,
    STEPS,
    TOKENS,
    batch,
    gradients,
    network,
    parts_of,
)

CELLS = pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
DIRECTIONS = pytest.mark.parametrize("bidirectional", [False, True])
close = torch.testing.assert_close
pytestmark = pytest.mark.usefixtures("doubles")


@pytest.mark.parametrize(("name", "settings"), NETWORKS)
def test_every_network_computes_as_the_lecture_writes_it(
    name: str, settings: dict[str, Any]
) -> None:
    model, ids = network(name, **settings).eval(), batch(name)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.5)
    logits, state = model(ids)
    found = gradients(logits, state, model.parameters())
    with fast.disabled():
        expected, expected_state = model(ids)
        theirs = gradients(expected, expected_state, model.parameters())
    close(logits, expected, rtol=0, atol=1e-12)
    close(parts_of(state), parts_of(expected_state), rtol=0, atol=1e-12)
    close(found, theirs, rtol=0, atol=1e-11)
    assert all(gradient.any() for gradient in found), "every weight must matter"


def test_one_hot_vectors_are_multiplied_only_while_disabled() -> None:
    ids, weight = batch(), torch.randn(TOKENS, 3, requires_grad=True)
    product = F.one_hot(ids, TOKENS).to(weight.dtype) @ weight
    looked_up = fast.one_hot_matmul(ids, weight)
    with fast.disabled():
        multiplied = fast.one_hot_matmul(ids, weight)
    again = fast.one_hot_matmul(ids, weight)
    names = [type(found.grad_fn).__name__ for found in (looked_up, multiplied, again)]
    assert names[0] == names[2] != names[1] == type(product.grad_fn).__name__
    for found in (looked_up, multiplied, again):
        close(found, product, rtol=0, atol=0)


def test_a_sequence_is_looked_up_once_for_each_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def count(ids: Tensor, weight: Tensor) -> Tensor:
        asked.append(weight)
        return F.embedding(ids, weight)

    monkeypatch.setattr(fast, "one_hot_matmul", count)
    one, other = torch.randn(TOKENS, 3), torch.randn(TOKENS, 2)
    ids = batch().T
    for step, x in enumerate(fast.OneHot(ids)):
        close(x @ one, one[ids[step]], rtol=0, atol=0)
        close(x @ other, other[ids[step]], rtol=0, atol=0)
    assert [weight is one for weight in asked] == [True, False]


def test_indexing_has_the_gradient_of_an_embedding() -> None:
    """CUDA takes the first form, a CPU the second."""
    ids, weight = torch.randint(TOKENS, (50, 30)), torch.randn(TOKENS, 4, requires_grad=True)
    indexed, embedded = weight[ids], F.embedding(ids, weight)
    close(indexed, embedded, rtol=0, atol=0)
    first, second = (gradients(found, None, [weight]) for found in (indexed, embedded))
    close(first, second, rtol=0, atol=1e-12)


@CELLS
@DIRECTIONS
@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("steps", [1, STEPS])
def test_the_loop_over_steps_is_pytorchs_layer(
    cell: str, bidirectional: bool, carried: bool, steps: int
) -> None:
    torch.manual_seed(0)
    theirs = RNNS[cell](TOKENS, HIDDEN, batch_first=True, bidirectional=bidirectional)
    ours = fast.OneHotRnn(deepcopy(theirs))
    ids, before = batch(steps=steps), state_of(cell, 1 + bidirectional) if carried else None
    outputs, state = ours(ids, before)
    expected, expected_state = theirs(F.one_hot(ids, TOKENS).double(), before)
    close(outputs, expected, rtol=0, atol=1e-12)
    close(state, expected_state, rtol=0, atol=1e-12)
    found = gradients(outputs, state, [*ours.parameters(), *parts_of(before)])
    wanted = gradients(expected, expected_state, [*theirs.parameters(), *parts_of(before)])
    close(found, wanted, rtol=0, atol=1e-10)
    assert not carried or all(gradient.any() for gradient in found), "every weight must matter"


def state_of(cell: str, height: int) -> State:
    """Return a random state as PyTorch's layers take it."""
    h, c = (torch.randn(height, BATCH, HIDDEN, requires_grad=True) for _ in range(2))
    return (h, c) if cell == "lstm" else h


# Vocabularies and widths of the lectures' corpora; 32 windows of 35 ids.
TABLES = [(1028, 256), (1028, 768), (2581, 256), (501, 256), (85, 42)]


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
@pytest.mark.parametrize(("tokens", "width"), TABLES)
def test_lookups_of_real_sizes_have_no_race(device: str, tokens: int, width: int) -> None:
    """On CUDA, F.embedding's gradient was sometimes wrong for 1,025 to 3,072 ids."""
    for attempt in range(20):
        torch.manual_seed(attempt)
        # Half of the ids are the same few characters, as in a text.
        ids = torch.randint(tokens, (35, 32)) % torch.tensor([tokens, 7]).repeat(16)
        upstream = torch.randn(35, 32, width, dtype=torch.float32)
        expected = torch.zeros(tokens, width, dtype=torch.float64)
        expected.index_add_(0, ids.flatten(), upstream.flatten(0, 1).double())
        weight = torch.randn(tokens, width, dtype=torch.float32, device=device, requires_grad=True)
        fast.lookup(weight, ids.to(device)).backward(upstream.to(device))
        assert weight.grad is not None
        close(weight.grad.double().cpu(), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.cuda
@pytest.mark.parametrize(("name", "settings"), NETWORKS)
def test_on_cuda_every_network_computes_the_same(name: str, settings: dict[str, Any]) -> None:
    here, ids = network(name, **settings).eval(), batch(name)
    there = deepcopy(here).cuda()
    logits, state = here(ids)
    found, found_state = there(ids.cuda())
    close(found.cpu(), logits, rtol=0, atol=1e-8)
    weights = torch.randn_like(logits)
    (logits * weights).sum().backward()
    (found * weights.cuda()).sum().backward()
    for mine, theirs in zip(here.parameters(), there.parameters(), strict=True):
        if mine.grad is not None:
            assert theirs.grad is not None
            close(theirs.grad.cpu(), mine.grad, rtol=0, atol=1e-8)
    close([part.cpu() for part in parts_of(found_state)], parts_of(state), rtol=0, atol=1e-8)
