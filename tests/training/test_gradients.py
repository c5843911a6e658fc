"""The norms that a training records are those of its gradients, and clipping is by them."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from recurrent.training.gradients import Gradients, recorded, total
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
    assert gradients.of_epoch().tolist() == [[5.0, 12.0]], "measured as they came"
    weight, bias = model.parameters()
    assert weight.grad is not None and bias.grad is not None
    return weight.grad, bias.grad


def test_without_clipping_gradients_stay_as_they_are(model: nn.Module) -> None:
    weight, bias = clipped(model)
    assert (weight.tolist(), bias.tolist()) == ([[3.0, 4.0]], [12.0])


def test_clipping_together_keeps_the_direction(model: nn.Module) -> None:
    weight, bias = clipped(model, clip_norm=1.3)
    assert weight.flatten().tolist() == pytest.approx([0.3, 0.4], rel=1e-5)
    assert bias.item() == pytest.approx(1.2, rel=1e-5)


def test_clipping_together_is_pytorchs_own_to_the_bit(model: nn.Module) -> None:
    other = nn.Linear(2, 1)
    other.weight.grad, other.bias.grad = torch.tensor([[3.0, 4.0]]), torch.tensor([12.0])
    nn.utils.clip_grad_norm_(other.parameters(), 0.7)
    weight, bias = clipped(model, clip_norm=0.7)
    assert torch.equal(weight, other.weight.grad) and torch.equal(bias, other.bias.grad)


def test_clipping_each_alone_turns_the_step(model: nn.Module) -> None:
    weight, bias = clipped(model, clip_each=10.0)
    assert weight.tolist() == [[3.0, 4.0]], "short enough"
    assert bias.item() == pytest.approx(10, rel=1e-5)


@pytest.mark.parametrize("clip", [{"clip_norm": 100.0}, {"clip_each": 100.0}])
def test_what_is_short_enough_is_not_clipped(model: nn.Module, clip: dict[str, float]) -> None:
    weight, bias = clipped(model, **clip)
    assert (weight.tolist(), bias.tolist()) == ([[3.0, 4.0]], [12.0])


def test_an_epoch_ends_the_list(model: nn.Module) -> None:
    gradients = Gradients(model, descent())
    gradients.clip()
    gradients.clip()
    assert gradients.of_epoch().shape == (2, 2)
    gradients.clip()
    assert gradients.of_epoch().shape == (1, 2)


@pytest.mark.parametrize("every", [1, 2, 3, 4, 7])
def test_every_so_many_steps_are_recorded_across_epochs(every: int) -> None:
    norms = torch.arange(1, 9, dtype=torch.double).reshape(8, 1)  # step n has norm n
    rows = [row for e in (1, 2) for row in recorded(norms[4 * e - 4 : 4 * e], ["w"], e, every)]
    wanted = [step for step in range(1, 9) if (step - 1) % every == 0]
    assert [(row["step"], row["w"], row["total"]) for row in rows] == [(s, s, s) for s in wanted]
    assert [row["epoch"] for row in rows] == [1 if step <= 4 else 2 for step in wanted]


def test_a_record_has_four_digits() -> None:
    norms = torch.tensor([[1.234567e-9, 98765.4321]], dtype=torch.double)
    (row,) = recorded(norms, ["small", "large"], 1, 1)
    assert (row["small"], row["large"], row["total"]) == (1.235e-09, 98770.0, 98770.0)


def test_a_training_tells_its_norms_and_its_history_has_their_median(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    every, third = (
        train(task, tmp_path / str(n), descent(epochs=2, gradient_norms=n)) for n in (1, 3)
    )
    assert [row["step"] for row in every.gradients] == [*range(1, len(every.gradients) + 1)]
    assert third.gradients == every.gradients[::3]
    names = [name for name, _ in fresh(task).named_parameters()]
    assert list(every.gradients[0]) == ["epoch", "step", "total", *names]
    for row in every.told:
        of_epoch = torch.tensor([g["total"] for g in every.gradients if g["epoch"] == row["epoch"]])
        assert row["gradient_norm"] == pytest.approx(of_epoch.median().item(), rel=1e-3)
        assert row["gradient_norm_max"] == pytest.approx(of_epoch.max().item(), rel=1e-3)


def test_the_first_norm_is_that_of_the_first_batchs_gradient(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    spec = {
        "module": "recurrent_classifier",
        "name": "RecurrentClassifier",
        "settings": {"cell": "gru", "embedding": 6, "hidden": 8},
    }
    batch = next(iter(task.batches("train", 1000)))  # one of each length, in any order
    told = train(task, tmp_path, descent(epochs=1, batch=1000, gradient_norms=1), spec=spec)
    model, found = fresh(task, spec), []
    for length in sorted({len(b) for b in task.batches("train", 1000)}):
        batch = next(b for b in task.batches("train", 1000) if len(b) == length)
        ids, targets = task.take(batch)
        model.zero_grad()
        task.loss(model(ids)[0], targets).backward()
        norms = [p.grad.norm() for p in model.parameters() if p.grad is not None]
        found.append(torch.stack(norms).norm().item())
    assert any(told.gradients[0]["total"] == pytest.approx(norm, rel=1e-3) for norm in found)


def test_none_are_recorded_where_none_are_asked_for(tmp_path: Path) -> None:
    told = train(toy_task(tmp_path), tmp_path, descent(gradient_norms=None))
    assert told.gradients == []
    assert all("gradient_norm" in row for row in told.told)


def test_looking_changes_nothing(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    looked, not_looked = (
        train(task, tmp_path / str(n), descent(clip_norm=0.1, gradient_norms=n)) for n in (1, None)
    )
    weights = not_looked.weights
    assert all(torch.equal(value, weights[name]) for name, value in looked.weights.items())


def test_a_parameter_without_a_gradient_has_none_of_it(model: nn.Module) -> None:
    model.bias.grad = None
    for clip in ({}, {"clip_norm": 1.0}, {"clip_each": 1.0}):
        gradients = Gradients(model, descent(**clip))
        gradients.clip()
        found = gradients.of_epoch()[0]
        assert found[1] == 0 and len(found) == len(gradients.parameters)


def test_total_is_over_all_parameters() -> None:
    assert total(torch.tensor([[3.0, 4.0], [0.0, 2.0]])).tolist() == [5.0, 2.0]
