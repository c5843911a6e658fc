"""Lesson six with nn.RNN, against the recurrence written out."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from recurrent.models.char_rnns import CharRnn, CharSeqRnn

CHARACTERS, HIDDEN = 9, 5


def network(kind: type[CharRnn] = CharRnn, **changes: Any) -> CharRnn:
    torch.manual_seed(0)
    settings = kind.Settings.model_validate({"embedding": 4, "hidden": HIDDEN, **changes})
    return kind(CHARACTERS, CHARACTERS, settings).double()


def batch(steps: int) -> Tensor:
    return torch.randint(1, CHARACTERS, (6, steps))


def written_out(model: CharRnn, ids: Tensor) -> tuple[Tensor, Tensor]:
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh); the answer after each character, and the last h."""
    w = dict(model.rnn.named_parameters())
    h = torch.zeros(len(ids), HIDDEN, dtype=torch.float64)
    answers = []
    for x in model.e(ids).unbind(dim=1):
        of_x = x @ w["weight_ih_l0"].T + w["bias_ih_l0"]
        h = torch.tanh(of_x + h @ w["weight_hh_l0"].T + w["bias_hh_l0"])
        answers.append(model.l_out(h))
    return torch.stack(answers, dim=1), h


@pytest.mark.parametrize("steps", [1, 2, 8])
@pytest.mark.parametrize("recurrent", ["random", "identity"])
def test_it_is_the_recurrence_written_out(steps: int, recurrent: str) -> None:
    model = network(recurrent=recurrent)
    ids = batch(steps)
    answers, h = written_out(model, ids)
    logits, state = model(ids)
    torch.testing.assert_close(logits, answers[:, -1], rtol=0, atol=1e-12)
    torch.testing.assert_close(state, h[None], rtol=0, atol=1e-12)


def test_an_answer_at_each_step_is_one_for_each_beginning() -> None:
    one, each = network(), network(CharSeqRnn)
    ids = batch(8)
    logits, _ = each(ids)
    assert logits.shape == (6, 8, CHARACTERS)
    for steps in range(1, 9):
        expected = one(ids[:, :steps])[0]
        torch.testing.assert_close(logits[:, steps - 1], expected, rtol=0, atol=1e-12)


def test_the_gradients_are_those_of_the_recurrence_written_out() -> None:
    ours, twin = network(CharSeqRnn), network(CharSeqRnn)
    ids, targets = batch(8), batch(8)
    F.cross_entropy(ours(ids)[0].flatten(0, 1), targets.flatten()).backward()
    F.cross_entropy(written_out(twin, ids)[0].flatten(0, 1), targets.flatten()).backward()
    for mine, theirs in zip(ours.parameters(), twin.parameters(), strict=True):
        assert mine.grad is not None
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [CharRnn, CharSeqRnn])
def test_a_state_continues_a_text(kind: type[CharRnn]) -> None:
    model, ids = network(kind), batch(8)
    whole, last = model(ids)
    _, state = model(ids[:, :3])
    logits, state = model(ids[:, 3:], state)
    torch.testing.assert_close(logits, whole if kind is CharRnn else whole[:, 3:])
    torch.testing.assert_close(state, last)


@pytest.mark.parametrize("kind", [CharRnn, CharSeqRnn])
def test_identity_is_the_identity_at_first_and_learns_on(kind: type[CharRnn]) -> None:
    model = network(kind, recurrent="identity")
    recurrent = model.rnn.get_parameter("weight_hh_l0")
    assert torch.equal(recurrent, torch.eye(HIDDEN, dtype=torch.float64))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(batch(8))[0].logsumexp(dim=-1).mean().backward()
    optimizer.step()
    assert model.rnn.get_parameter("weight_hh_l0") is recurrent
    assert not torch.equal(recurrent, torch.eye(HIDDEN, dtype=torch.float64))


def test_only_the_recurrent_matrix_is_initialised_otherwise() -> None:
    plain, identity = network(), network(recurrent="identity")
    differ = {
        name
        for name, weight in plain.state_dict().items()
        if not torch.equal(weight, identity.state_dict()[name])
    }
    assert differ == {"rnn.weight_hh_l0"}
