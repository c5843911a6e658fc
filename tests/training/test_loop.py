"""The one loop: it learns, repeats to the bit, and stops at NaN."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from recurrent.errors import PipelineError
from recurrent.experiments import ClosedForm
from recurrent.models.base import State
from recurrent.models.language_model import LanguageModel
from recurrent.tracking.history import NOT_A_NUMBER, Fault
from recurrent.training.loop import MOMENTUM
from tests.training.toy import (
    BATCHES,
    WRITING,
    assert_same,
    descent,
    fresh,
    text_task,
    toy_task,
    train,
)


def test_it_learns_what_there_is_to_learn(tmp_path: Path) -> None:
    history = train(toy_task(tmp_path), tmp_path, descent(epochs=12)).told
    assert history[-1]["valid_accuracy"] > 0.95
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 3
    assert [row["epoch"] for row in history] == list(range(1, 13))


def test_it_learns_a_text_too(tmp_path: Path) -> None:
    training = descent(epochs=12, batch=4)
    history = train(text_task(tmp_path), tmp_path, training, spec=WRITING).told
    assert history[-1]["valid_loss"] < history[0]["valid_loss"] / 3


def test_the_same_seed_gives_the_same_bits(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    first, second = (train(task, tmp_path / again, descent()) for again in ("a", "b"))
    assert_same(first.weights, second.weights)
    assert first.told == second.told


def test_keep_best_keeps_the_epoch_of_the_lowest_validation_loss(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    rates = {"rate": (0.1, 0.1, 0.1, 0.1, 50.0), "epochs": 5}  # the last step leads far away
    best = train(task, tmp_path / "a", descent(**rates, keep="best"))
    losses = [row["valid_loss"] for row in best.told]
    lowest = losses.index(min(losses)) + 1
    assert lowest < 5, "the toy must have its best epoch before the last"
    until_then = train(task, tmp_path / "b", descent(**rates), stop_after=lowest)
    assert_same(best.weights, until_then.weights)


def test_clipping_bounds_the_step(tmp_path: Path) -> None:
    task, step = toy_task(tmp_path), 0.1 * 1e-3  # rate times norm
    start = fresh(task).state_dict()
    training = descent(optimizer="sgd", rate=0.1, clip_norm=1e-3, epochs=1, batch=1000)
    clipped = train(task, tmp_path, training).weights
    moved = sum(float(((clipped[name] - start[name]) ** 2).sum()) for name in start) ** 0.5
    assert 0 < moved <= 3 * step * 1.001  # three batches, one of each length


def test_the_smoothed_loss_is_a_mean_in_which_older_batches_weigh_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, losses = toy_task(tmp_path), []
    plain = task.loss

    def noting(logits: Tensor, targets: Tensor) -> Tensor:
        losses.append(plain(logits, targets))
        return losses[-1]

    monkeypatch.setattr(task, "loss", noting)
    history = train(task, tmp_path, descent(epochs=3)).told
    assert len(losses) == 3 * BATCHES + 1  # once more, with the last weights
    for epoch, row in enumerate(history, 1):
        so_far = [loss.item() for loss in losses[: epoch * BATCHES]]
        weights = MOMENTUM ** np.arange(len(so_far))[::-1]
        assert row["train_loss_smoothed"] == pytest.approx(np.average(so_far, weights=weights))


def test_a_text_that_fills_no_batch_is_refused_by_name(tmp_path: Path) -> None:
    task = text_task(tmp_path)  # 360 characters to train on
    # Rows of 6 characters: a window and its last target.
    assert train(task, tmp_path / "a", descent(batch=60), spec=WRITING).told
    with pytest.raises(PipelineError, match=r"toy: .*does not fill one batch of 61\. Lower"):
        train(task, tmp_path / "b", descent(batch=61), spec=WRITING)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[State, State]]:
    """The states that a language model is given and gives back, while it learns."""
    noted: list[tuple[State, State]] = []
    plain = LanguageModel.forward

    def noting(self: LanguageModel, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        logits, after = plain(self, ids, state)
        if self.training:
            noted.append((state, after))
        return logits, after

    monkeypatch.setattr(LanguageModel, "forward", noting)
    return noted


def test_a_state_is_passed_on_detached_and_starts_anew_in_each_epoch(
    tmp_path: Path, calls: list[tuple[State, State]]
) -> None:
    train(text_task(tmp_path), tmp_path, descent(epochs=2, batch=10), spec=WRITING)
    assert len(calls) == 2 * 7  # rows of 36 characters, 5 a window
    for number, (given, _) in enumerate(calls):
        if number % 7 == 0:
            assert given is None
            continue
        _, before = calls[number - 1]
        for part, left in zip(given, before, strict=True):  # an LSTM's h and c
            assert torch.equal(part, left)
            assert left.requires_grad and not part.requires_grad


def test_windows_in_random_order_hand_nothing_on(
    tmp_path: Path, calls: list[tuple[State, State]]
) -> None:
    train(text_task(tmp_path, "shuffled"), tmp_path, descent(epochs=2, batch=10), spec=WRITING)
    assert len(calls) == 2 * 8  # of 71 windows
    assert all(given is None for given, _ in calls)


def test_nan_stops_the_training_and_says_where(tmp_path: Path) -> None:
    training = descent(optimizer="sgd", rate=1e38, epochs=3)
    says = (
        r"toy: its loss or a gradient is no number: .*at step \d \(epoch 1\) in .*\(seed 0\).*rate"
    )
    with pytest.raises(PipelineError, match=says):
        train(toy_task(tmp_path), tmp_path, training)


def test_a_last_step_into_nonsense_is_no_end(tmp_path: Path) -> None:
    spec = {"module": "char_rnn", "name": "CharRnnClassifier", "settings": {"hidden": 4}}
    task = toy_task(tmp_path)
    rows, lengths = task.data.splits["train"], task.data.lengths
    task.data.splits["train"] = rows[lengths[rows] == 3]  # one batch, one step
    task.data.splits["valid"] = rows[:0]  # which would tell
    training = descent(rate=1e30, epochs=1, batch=len(rows))
    told: list[Fault] = []
    with pytest.raises(PipelineError, match=r"toy: with the weights .* no number \(seed 0\)"):
        train(task, tmp_path, training, spec=spec, faults=told)
    what = "not a number at step 1 (epoch 1) in the weights that its last step left"
    assert what in [*map(str, told)]


def test_a_validation_loss_that_is_no_number_stops_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = toy_task(tmp_path)
    monkeypatch.setattr(task, "score", lambda model, split: {"loss": float("inf")})
    told: list[Fault] = []
    with pytest.raises(PipelineError, match=r"toy: valid_loss became inf in epoch 1 \(seed 0\)"):
        train(task, tmp_path, descent(), faults=told)
    (fault,) = told
    assert (fault.kind, fault.epoch, fault.parameter) == (NOT_A_NUMBER, 1, "valid_loss")


def test_a_closed_form_is_told_as_one_epoch(tmp_path: Path) -> None:
    spec = {"module": "baselines", "name": "NaiveBayes", "settings": {}}
    training = ClosedForm(kind="closed_form")
    history = train(toy_task(tmp_path), tmp_path, training, spec=spec).told
    assert [row["epoch"] for row in history] == [1]
    assert history[0].keys() == {"epoch", "train_loss", "valid_loss", "valid_accuracy"}
