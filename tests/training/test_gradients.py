"""A run records the norms of its gradients, and clipping uses them."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from recurrent.training.gradients import Gradients, global_norm, recorded
from tests.training.toy import descent, fresh, toy_task, train


@pytest.fixture
def model() -> nn.Module:
    """Two parameters with gradients of norm 5 and 12: 13 together."""
    model = nn.Linear(2, 1)
    model.weight.grad, model.bias.grad = torch.tensor([[3.0, 4.0]]), torch.tensor([12.0])
    return model


def clipped(model: nn.Module, **clip: float) -> tuple[Tensor, Tensor]:
    gradients = Gradients(model, descent(**clip))
    gradients.clip()
    assert gradients.take_epoch().tolist() == [[5.0, 12.0]]
    weight, bias = model.parameters()
    assert weight.grad is not None and bias.grad is not None
    return weight.grad, bias.grad


def test_without_clipping_gradients_stay(model: nn.Module) -> None:
    weight, bias = clipped(model)
    assert (weight.tolist(), bias.tolist()) == ([[3.0, 4.0]], [12.0])


def test_clip_norm_keeps_the_direction(model: nn.Module) -> None:
    weight, bias = clipped(model, clip_norm=1.3)
    assert weight.flatten().tolist() == pytest.approx([0.3, 0.4], rel=1e-5)
    assert bias.item() == pytest.approx(1.2, rel=1e-5)


def test_clip_norm_equals_pytorchs_to_the_bit(model: nn.Module) -> None:
    other = nn.Linear(2, 1)
    other.weight.grad, other.bias.grad = torch.tensor([[3.0, 4.0]]), torch.tensor([12.0])
    nn.utils.clip_grad_norm_(other.parameters(), 0.7)
    weight, bias = clipped(model, clip_norm=0.7)
    assert torch.equal(weight, other.weight.grad) and torch.equal(bias, other.bias.grad)


def test_clip_each_changes_the_direction(model: nn.Module) -> None:
    weight, bias = clipped(model, clip_each=10.0)
    assert weight.tolist() == [[3.0, 4.0]], "short enough"
    assert bias.item() == pytest.approx(10, rel=1e-5)


@pytest.mark.parametrize("clip", [{"clip_norm": 100.0}, {"clip_each": 100.0}])
def test_short_gradients_are_not_clipped(model: nn.Module, clip: dict[str, float]) -> None:
    weight, bias = clipped(model, **clip)
    assert (weight.tolist(), bias.tolist()) == ([[3.0, 4.0]], [12.0])


def test_take_epoch_starts_a_new_list(model: nn.Module) -> None:
    gradients = Gradients(model, descent())
    gradients.clip()
    gradients.clip()
    assert gradients.take_epoch().shape == (2, 2)
    gradients.clip()
    assert gradients.take_epoch().shape == (1, 2)


@pytest.mark.parametrize("every", [1, 2, 3, 4, 7])
def test_recording_counts_steps_across_epochs(every: int) -> None:
    norms = torch.arange(1, 9, dtype=torch.double).reshape(8, 1)  # step n has norm n
    rows = [row for e in (1, 2) for row in recorded(norms[4 * e - 4 : 4 * e], ["w"], e, every)]
    wanted = [step for step in range(1, 9) if (step - 1) % every == 0]
    assert [(row["step"], row["w"], row["total"]) for row in rows] == [(s, s, s) for s in wanted]
    assert [row["epoch"] for row in rows] == [1 if step <= 4 else 2 for step in wanted]


def test_recorded_norms_have_four_digits() -> None:
    norms = torch.tensor([[1.234567e-9, 98765.4321]], dtype=torch.double)
    (row,) = recorded(norms, ["small", "large"], 1, 1)
    assert (row["small"], row["large"], row["total"]) == (1.235e-09, 98770.0, 98770.0)


def test_the_history_has_the_median_of_the_recorded_norms(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    every, third = (
        train(task, tmp_path / str(n), descent(epochs=2, gradient_norms=n)) for n in (1, 3)
    )
    assert [row["step"] for row in every.gradients] == [*range(1, len(every.gradients) + 1)]
    assert third.gradients == every.gradients[::3]
    names = [name for name, _ in fresh(task).named_parameters()]
    assert list(every.gradients[0]) == ["epoch", "step", "total", *names]
    for row in every.rows:
        of_epoch = torch.tensor([g["total"] for g in every.gradients if g["epoch"] == row["epoch"]])
        assert row["gradient_norm"] == pytest.approx(of_epoch.median().item(), rel=1e-3)
        assert row["gradient_norm_max"] == pytest.approx(of_epoch.max().item(), rel=1e-3)


def test_recording_can_be_switched_off(tmp_path: Path) -> None:
    done = train(toy_task(tmp_path), tmp_path, descent(gradient_norms=None))
    assert done.gradients == []
    assert all("gradient_norm" in row for row in done.rows)


def test_recording_changes_no_weight(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    looked, not_looked = (
        train(task, tmp_path / str(n), descent(clip_norm=0.1, gradient_norms=n)) for n in (1, None)
    )
    weights = not_looked.weights
    assert all(torch.equal(value, weights[name]) for name, value in looked.weights.items())


def test_a_parameter_without_a_gradient_has_norm_0(model: nn.Module) -> None:
    model.bias.grad = None
    for clip in ({}, {"clip_norm": 1.0}, {"clip_each": 1.0}):
        gradients = Gradients(model, descent(**clip))
        gradients.clip()
        found = gradients.take_epoch()[0]
        assert found[1] == 0 and len(found) == len(gradients.parameters)


def test_the_global_norm_is_over_all_parameters() -> None:
    assert global_norm(torch.tensor([[3.0, 4.0], [0.0, 2.0]])).tolist() == [5.0, 2.0]
