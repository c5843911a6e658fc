"""The optimisers step by the rates that a training asks for."""

from pathlib import Path
from typing import Any

import pytest
import torch

from recurrent.errors import PipelineError
from recurrent.training.optimizers import OPTIMIZERS, optimizer_of, rate_at
from tests.training.toy import BATCHES, descent, toy_task, train


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The rate of every step that SGD takes."""
    noted: list[float] = []

    def noting(*arguments: Any, **options: Any) -> torch.optim.Optimizer:
        optimizer = torch.optim.SGD(*arguments, **options)
        optimizer.register_step_pre_hook(lambda *_: noted.append(optimizer.param_groups[0]["lr"]))
        return optimizer

    monkeypatch.setitem(OPTIMIZERS, "sgd", noting)
    return noted


def test_the_cosine_schedule_falls_from_the_rate_to_nothing() -> None:
    training = descent(rate=0.5, epochs=10, schedule="cosine")
    falling = [rate_at(training, epoch / 2) for epoch in range(21)]
    assert falling[0] == 0.5
    assert falling[10] == pytest.approx(0.25)
    assert falling[20] == pytest.approx(0)
    assert falling == sorted(falling, reverse=True)


def test_of_a_list_of_rates_each_holds_for_its_epoch() -> None:
    training = descent(rate=[0.5, 0.1, 0.2], epochs=3)
    begun, nearly_done = (
        [rate_at(training, epoch + part) for epoch in range(3)] for part in (0, 0.99)
    )
    assert begun == nearly_done == [0.5, 0.1, 0.2]


def test_a_list_of_rates_is_what_the_optimiser_steps_by(tmp_path: Path, rates: list[float]) -> None:
    train(toy_task(tmp_path), tmp_path, descent(optimizer="sgd", rate=[0.5, 0.02], epochs=2))
    assert rates == [0.5] * BATCHES + [0.02] * BATCHES


def test_a_schedule_is_what_the_optimiser_steps_by(tmp_path: Path, rates: list[float]) -> None:
    training = descent(optimizer="sgd", rate=0.5, epochs=2, schedule="cosine")
    train(toy_task(tmp_path), tmp_path, training)
    wanted = [rate_at(training, step / BATCHES) for step in range(2 * BATCHES)]
    assert rates == pytest.approx(wanted)


def test_what_has_no_weights_is_refused_by_the_experiments_name() -> None:
    with pytest.raises(PipelineError, match=r"experiments\.counting\.training.*closed_form"):
        optimizer_of(torch.nn.Identity(), descent(), "counting")
