"""The optimisers step by the learning rates that an experiment asks for."""

from pathlib import Path
from typing import Any

import pytest
import torch

from recurrent.common.errors import PipelineError
from recurrent.training.optimizers import OPTIMIZERS, learning_rate, make_optimizer
from tests.training.toy import BATCHES, descent, toy_task, train


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The learning rate of every step of SGD."""
    noted: list[float] = []

    def noting(*arguments: Any, **options: Any) -> torch.optim.Optimizer:
        optimizer = torch.optim.SGD(*arguments, **options)
        optimizer.register_step_pre_hook(lambda *_: noted.append(optimizer.param_groups[0]["lr"]))
        return optimizer

    monkeypatch.setitem(OPTIMIZERS, "sgd", noting)
    return noted


def test_the_cosine_schedule_falls_to_zero() -> None:
    training = descent(learning_rate=0.5, epochs=10, schedule="cosine")
    falling = [learning_rate(training, epoch / 2) for epoch in range(21)]
    assert falling[0] == 0.5
    assert falling[10] == pytest.approx(0.25)
    assert falling[20] == pytest.approx(0)
    assert falling == sorted(falling, reverse=True)


def test_a_list_of_learning_rates_has_one_for_each_epoch(
    tmp_path: Path, rates: list[float]
) -> None:
    training = descent(optimizer="sgd", learning_rate=[0.5, 0.02], epochs=2)
    train(toy_task(tmp_path), tmp_path, training)
    assert rates == [0.5] * BATCHES + [0.02] * BATCHES


def test_the_optimiser_steps_by_the_schedule(tmp_path: Path, rates: list[float]) -> None:
    training = descent(optimizer="sgd", learning_rate=0.5, epochs=2, schedule="cosine")
    train(toy_task(tmp_path), tmp_path, training)
    wanted = [learning_rate(training, step / BATCHES) for step in range(2 * BATCHES)]
    assert rates == pytest.approx(wanted)


def test_a_model_without_weights_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"experiments\.counting\.training.*method: fit"):
        make_optimizer(torch.nn.Identity(), descent(), "counting")
