"""Restoration: what is hidden, and what is predicted there."""

from collections import Counter
from math import log
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import Model, State
from recurrent.tasks import restore as module
from recurrent.tasks.restore import EVERY, HIDDEN, Restore, hide_each_once
from tests.tasks.toys import model_for, restore, some_text


class Knows(Model):
    """A model that has the text; it gives padding an even larger logit."""

    def __init__(self, task: Restore) -> None:
        super().__init__(task.inputs, task.outputs, base.Settings())
        self.windows = task.windows

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        fits = (self.windows == ids[:, None]) | (ids[:, None] == HIDDEN)
        found = self.windows[fits.all(dim=-1).int().argmax(dim=1)]
        logits = 100 * F.one_hot(found, self.outputs).double()
        logits[..., HIDDEN] = 1000
        return logits, None


class Uniform(Model):
    """A model that gives all characters the same probability."""

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        return torch.zeros(*ids.shape, self.outputs), None


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 9))
def test_a_training_batch_hides_a_seventh_and_asks_for_it(
    scratch: Path, seed: int, window: int, size: int
) -> None:
    task = restore(scratch, some_text(400), window=window)
    text = task.data.ids.astype(np.int64)
    starts = []
    for batch in task.batches("train", size, np.random.default_rng(seed)):
        ids, targets = (tensor.numpy() for tensor in task.take(batch))
        whole = text[batch[:, :1] + np.arange(window)]
        hidden = ids == HIDDEN
        assert len(batch) <= size
        assert (hidden.sum(axis=1) == max(1, window // EVERY)).all()
        np.testing.assert_array_equal(ids, np.where(hidden, 0, whole))
        steps, characters = targets[..., 0], targets[..., 1]
        np.testing.assert_array_equal(np.take_along_axis(whole, steps, 1), characters)
        assert np.take_along_axis(hidden, steps, 1).all()
        assert [len({*row}) for row in steps.tolist()] == hidden.sum(axis=1).tolist()
        starts += batch[:, 0].tolist()
    assert sorted(starts) == task.data.starts["train"].tolist()


def test_every_step_is_hidden_about_equally_often(tmp_path: Path) -> None:
    task = restore(tmp_path, some_text(2000), window=16, stride=4)
    batches = task.batches("train", 64, np.random.default_rng(0))
    hidden = Counter(np.concatenate(batches)[:, 1:].flatten().tolist())
    assert sorted(hidden) == [*range(16)]
    assert max(hidden.values()) < 2 * min(hidden.values())


@given(st.integers(1, 40), st.lists(st.integers(0, 1000), min_size=1, max_size=6, unique=True))
def test_when_scored_each_step_is_hidden_once_with_equal_gaps(
    window: int, starts: list[int]
) -> None:
    seen: Counter[tuple[int, int]] = Counter()
    for batch in hide_each_once(np.array(starts, dtype=np.int32), window):
        assert (np.diff(batch[:, 1:]) == EVERY).all()
        seen.update((row[0], step) for row in batch.tolist() for step in row[1:])
    assert seen == {(start, step): 1 for start in starts for step in range(window)}


def test_the_loss_is_the_mean_over_hidden_characters(tmp_path: Path) -> None:
    logits = torch.randn(2, 4, 7)
    targets = torch.tensor([[[1, 5]], [[3, 2]]])  # a step and its character
    log_prob = logits.log_softmax(dim=-1)
    expected = -(log_prob[0, 1, 5] + log_prob[1, 3, 2]) / 2
    torch.testing.assert_close(restore(tmp_path).loss(logits, targets), expected)


@pytest.mark.parametrize("window", [1, 4, 9, 16])
def test_each_character_is_predicted_from_what_stays_visible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(module, "SCORING_WINDOWS", 3)
    task = restore(tmp_path, some_text(400), window=window)
    model = model_for(task, "Stacked", bidirectional=True)
    positions, table = task.predictions(model, "valid")
    starts = task.data.starts["valid"].tolist()
    assert positions.tolist() == [start + step for start in starts for step in range(window)]
    np.testing.assert_allclose(np.exp(table).sum(axis=1), 1)
    assert (np.exp(table[:, HIDDEN]) == 0).all()
    for position, found in zip(positions.tolist(), table, strict=True):
        start = starts[(position - starts[0]) // window]
        step = position - start
        visible = task.ids[start : start + window].clone()
        visible[step % EVERY :: EVERY] = HIDDEN
        alone = model(visible[None])[0][0, step, 1:].detach().double().log_softmax(dim=-1)
        np.testing.assert_allclose(found[1:], alone, atol=1e-5)


def test_scores_of_a_model_that_knows_all_and_of_one_that_knows_nothing(tmp_path: Path) -> None:
    task = restore(tmp_path, "abcdef" * 60, window=9)
    known = task.score(Knows(task), "valid")
    assert known == {"loss": pytest.approx(0, abs=1e-12), "restored": 1}
    unknown = task.score(Uniform(task.inputs, task.outputs, base.Settings()), "valid")
    assert unknown["loss"] == pytest.approx(log(task.outputs - 1))
    assert unknown["restored"] < 0.5


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    task = restore(tmp_path)
    ids, targets = task.take(task.batches("train", 4)[0])
    once = model_for(task, "CharRnn")
    with pytest.raises(PipelineError, match=r"once per window.*predicts at every step"):
        task.loss(once(ids)[0], targets)
    with pytest.raises(PipelineError, match=r"once per window.*predicts at every step"):
        task.predictions(once, "valid")
    with pytest.raises(PipelineError, match=r"params\.yaml: examined: hidden characters"):
        task.probe_batch(5, 2, np.random.default_rng(0))
    with pytest.raises(PipelineError, match="`targets: every`"):
        restore(tmp_path, targets="last")
