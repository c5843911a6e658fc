"""The one loop: it learns, repeats to the bit, carries states, and stops at NaN."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from recurrent.common.config import Fit
from recurrent.common.errors import PipelineError
from recurrent.models.base import State
from recurrent.models.nietzsche import StatefulRnn
from recurrent.training.loop import MOMENTUM
from tests.training.toy import (
    BATCHES,
    WRITING,
    Trained,
    assert_same,
    descent,
    fresh,
    text_task,
    toy_task,
    train,
)


def test_it_learns_to_classify(tmp_path: Path) -> None:
    history = train(toy_task(tmp_path), tmp_path, descent(epochs=12)).rows
    assert history[-1]["valid_accuracy"] > 0.95
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 3
    assert [row["epoch"] for row in history] == list(range(1, 13))


def test_it_learns_a_text(tmp_path: Path) -> None:
    training = descent(epochs=12, batch_size=4)
    history = train(text_task(tmp_path), tmp_path, training, spec=WRITING).rows
    assert history[-1]["valid_loss"] < history[0]["valid_loss"] / 3


def test_the_same_seed_gives_the_same_bits(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    first, second = (train(task, tmp_path / again, descent()) for again in ("a", "b"))
    assert_same(first.weights, second.weights)
    assert first.rows == second.rows


def test_keep_best_keeps_the_epoch_of_the_lowest_validation_loss(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    rates = {"learning_rate": (0.1, 0.1, 0.1, 0.1, 50.0), "epochs": 5}  # the last step leads away
    best = train(task, tmp_path / "a", descent(**rates, keep="best"))
    losses = [row["valid_loss"] for row in best.rows]
    lowest = losses.index(min(losses)) + 1
    assert lowest < 5
    until_then = train(task, tmp_path / "b", descent(**rates), stop_after=lowest)
    assert_same(best.weights, until_then.weights)


def test_clipping_bounds_the_step(tmp_path: Path) -> None:
    task, step = toy_task(tmp_path), 0.1 * 1e-3  # learning rate times norm
    start = fresh(task).state_dict()
    training = descent(
        optimizer="sgd", learning_rate=0.1, clip_norm=1e-3, epochs=1, batch_size=1000
    )
    clipped = train(task, tmp_path, training).weights
    moved = sum(float(((clipped[name] - start[name]) ** 2).sum()) for name in start) ** 0.5
    assert 0 < moved <= 3 * step * 1.001  # three batches, one for each length


@pytest.mark.parametrize(
    ("rate", "starts"),
    [(0.1, (0, 0, 0)), ((0.1, 0.1, 0.01), (0, 0, 2)), ((0.1, 0.2, 0.1), (0, 1, 2))],
)
def test_older_batches_weigh_less_in_the_smoothed_loss_which_starts_anew_with_a_new_rate(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rate: float | tuple[float, ...],
    starts: tuple[int, ...],
) -> None:
    task, losses = toy_task(tmp_path), []
    plain = task.loss

    def noting(logits: Tensor, targets: Tensor) -> Tensor:
        losses.append(plain(logits, targets))
        return losses[-1]

    monkeypatch.setattr(task, "loss", noting)
    history = train(task, tmp_path, descent(epochs=3, learning_rate=rate)).rows
    for epoch, (row, start) in enumerate(zip(history, starts, strict=True), 1):
        so_far = [loss.item() for loss in losses[start * BATCHES : epoch * BATCHES]]
        weights = MOMENTUM ** np.arange(len(so_far))[::-1]
        assert row["train_loss_smoothed"] == pytest.approx(np.average(so_far, weights=weights))


def test_a_text_that_fills_no_batch_is_refused_by_name(tmp_path: Path) -> None:
    task = text_task(tmp_path)  # 360 characters to train on: 60 rows of a window and its target
    assert train(task, tmp_path / "a", descent(batch_size=60), spec=WRITING).rows
    with pytest.raises(PipelineError, match=r"toy: .*does not fill one batch of 61\. Lower"):
        train(task, tmp_path / "b", descent(batch_size=61), spec=WRITING)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[State, State]]:
    """The states that a language model is given and returns while it trains."""
    noted: list[tuple[State, State]] = []
    plain = StatefulRnn.forward

    def noting(self: StatefulRnn, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        logits, after = plain(self, ids, state)
        if self.training:
            noted.append((state, after))
        return logits, after

    monkeypatch.setattr(StatefulRnn, "forward", noting)
    return noted


def test_a_state_is_passed_on_detached_and_reset_at_each_epoch(
    tmp_path: Path, calls: list[tuple[State, State]]
) -> None:
    train(text_task(tmp_path), tmp_path, descent(epochs=2, batch_size=10), spec=WRITING)
    assert len(calls) == 2 * 7  # rows of 36 characters, 5 a window
    for number, (given, _) in enumerate(calls):
        if number % 7 == 0:
            assert given is None
            continue
        _, before = calls[number - 1]
        for part, left in zip(given, before, strict=True):  # an LSTM's h and c
            assert torch.equal(part, left)
            assert left.requires_grad and not part.requires_grad


def test_shuffled_windows_carry_no_state(tmp_path: Path, calls: list[tuple[State, State]]) -> None:
    task = text_task(tmp_path, "shuffled")
    train(task, tmp_path, descent(epochs=2, batch_size=10), spec=WRITING)
    assert len(calls) == 2 * 8  # of 71 windows
    assert all(given is None for given, _ in calls)


def test_nan_stops_the_run_and_says_where(tmp_path: Path) -> None:
    training = descent(optimizer="sgd", learning_rate=1e38, epochs=3)
    with pytest.raises(PipelineError, match=r"toy: .*NaN.*epoch 1.*seed 0.*learning_rate"):
        train(toy_task(tmp_path), tmp_path, training)


def test_weights_that_overflow_after_the_last_step_are_refused(tmp_path: Path) -> None:
    spec = {"module": "names", "name": "TutorialClassifier", "settings": {"hidden": 4}}
    task = toy_task(tmp_path)
    rows, lengths = task.data.splits["train"], task.data.lengths
    task.data.splits["train"] = rows[lengths[rows] == 3]  # one batch, one step
    task.data.splits["valid"] = rows[:0]  # no validation loss shows it
    training = descent(learning_rate=1e30, epochs=1, batch_size=len(rows))
    done = Trained(fresh(task, spec))
    with pytest.raises(PipelineError, match=r"toy: the loss is NaN or infinite.*seed 0"):
        train(task, tmp_path, training, done=done)
    assert "final weights" in [finding.parameter for finding in done.findings][-1]


def test_a_validation_loss_that_is_infinite_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = toy_task(tmp_path)
    monkeypatch.setattr(task, "score", lambda model, split: {"loss": float("inf")})
    done = Trained(fresh(task))
    with pytest.raises(PipelineError, match=r"toy: valid_loss became inf in epoch 1 \(seed 0\)"):
        train(task, tmp_path, descent(), done=done)
    (finding,) = done.findings
    assert (finding.kind, finding.epoch, finding.parameter) == ("nan", 1, "valid_loss")


def test_fit_counts_as_one_epoch(tmp_path: Path) -> None:
    spec = {"module": "baselines", "name": "NaiveBayes", "settings": {}}
    history = train(toy_task(tmp_path), tmp_path, Fit(method="fit"), spec=spec).rows
    assert [row["epoch"] for row in history] == [1]
    assert history[0].keys() == {"epoch", "train_loss", "valid_loss", "valid_accuracy"}
