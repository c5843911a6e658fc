"""Which character stood here? What is hidden, and what each answer is worth."""

from collections import Counter
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.errors import PipelineError
from recurrent.config import Samples
from recurrent.models import base as contract
from recurrent.models.base import Model, State
from recurrent.tasks import restore
from recurrent.tasks.restore import EVERY, HIDDEN, Restore, hidden_in_turn
from tests.data.texts import encoded, some_text
from tests.training.toy import CPU, Spec, descent, fresh, train, write_text

BOTH_WAYS: Spec = {
    "module": "stacked",
    "name": "Stacked",
    "settings": {"cell": "gru", "hidden": 8, "bidirectional": True},
}
ONCE_A_WINDOW: Spec = {
    "module": "char_rnns",
    "name": "CharRnn",
    "settings": {"embedding": 3, "hidden": 5},
}
SPLITS = pytest.mark.parametrize("split", ["train", "valid", "test"])
STEPS = pytest.mark.parametrize("steps", [1, 4, 9, 16])


class Knows(Model):
    """Puts all on what must stand there, for it has the text; or more yet on padding."""

    def __init__(self, asked: Restore) -> None:
        super().__init__(asked.inputs, asked.outputs, contract.Settings())
        self.windows = asked.windows

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        fits = (self.windows == ids[:, None]) | (ids[:, None] == HIDDEN)
        found = self.windows[fits.all(dim=-1).int().argmax(dim=1)]
        logits = 100 * F.one_hot(found, self.outputs).double()
        logits[..., HIDDEN] = 1000
        return logits, None


class Uniform(Model):
    """Takes all characters for equally likely."""

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        return torch.zeros(*ids.shape, self.outputs), None


def task(folder: Path, text: str = some_text(200), **changes: Any) -> Restore:
    """A tenth of the text chooses, the last tenth measures."""
    encoded(folder, text, **changes).save(folder)
    return Restore(folder, CPU)


def rows(asked: Restore, split: str, seed: int | None, size: int = 8) -> list[list[list[int]]]:
    rng = None if seed is None else np.random.default_rng(seed)
    return [batch.tolist() for batch in asked.batches(split, size, rng)]


def test_all_windows_are_a_view_on_the_one_text(tmp_path: Path) -> None:
    asked = task(tmp_path)
    assert asked.windows.shape == (197, 4)
    assert asked.windows.data_ptr() == asked.ids.data_ptr()
    assert asked.windows.untyped_storage().nbytes() == asked.ids.nbytes


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 9))
def test_each_window_has_its_share_hidden_and_is_asked_for_that(
    scratch: Path, seed: int, steps: int, size: int
) -> None:
    asked = task(scratch, some_text(400), steps=steps, stride=steps)
    text = asked.data.ids.astype(np.int64)
    begins = []
    for batch in asked.batches("train", size, np.random.default_rng(seed)):
        ids, targets = (found.numpy() for found in asked.take(batch))
        whole = text[batch[:, :1] + np.arange(steps)]
        hidden = ids == HIDDEN
        assert len(batch) <= size
        assert (hidden.sum(axis=1) == max(1, steps // 7)).all()
        np.testing.assert_array_equal(ids, np.where(hidden, 0, whole))
        steps_hidden, characters = targets[..., 0], targets[..., 1]
        np.testing.assert_array_equal(np.take_along_axis(whole, steps_hidden, 1), characters)
        assert np.take_along_axis(hidden, steps_hidden, 1).all()
        assert [len({*row}) for row in steps_hidden.tolist()] == hidden.sum(axis=1).tolist()
        begins += batch[:, 0].tolist()
    assert sorted(begins) == asked.data.begins["train"].tolist()


def test_any_step_may_be_hidden(tmp_path: Path) -> None:
    asked = task(tmp_path, some_text(2000), steps=16, stride=4)
    batches = asked.batches("train", 64, np.random.default_rng(0))
    hidden = Counter(np.concatenate(batches)[:, 1:].flatten().tolist())
    assert sorted(hidden) == [*range(16)]
    assert max(hidden.values()) < 2 * min(hidden.values())


@given(st.integers(1, 40), st.lists(st.integers(0, 1000), min_size=1, max_size=6, unique=True))
def test_in_turn_each_step_of_each_window_is_hidden_once(steps: int, begins: list[int]) -> None:
    seen = Counter(
        (row[0], step)
        for batch in hidden_in_turn(np.array(begins, dtype=np.int32), steps)
        for row in batch.tolist()
        for step in row[1:]
    )
    assert seen == {(begin, step): 1 for begin in begins for step in range(steps)}


@given(st.integers(1, 40))
def test_in_turn_what_is_hidden_at_a_time_lies_as_far_apart(steps: int) -> None:
    for batch in hidden_in_turn(np.array([5], dtype=np.int32), steps):
        assert batch.shape[1] > 1
        assert np.diff(batch[0, 1:]).tolist() == [EVERY] * (batch.shape[1] - 2)


@SPLITS
def test_batches_are_the_same_again_and_random_only_by_their_seed(
    tmp_path: Path, split: str
) -> None:
    asked = task(tmp_path, some_text(600))
    assert rows(asked, split, None) == rows(asked, split, None)
    assert rows(asked, split, 1) == rows(asked, split, 1)
    drawn = [[row[0] for batch in rows(asked, split, seed) for row in batch] for seed in (1, 2)]
    assert drawn[0] != drawn[1], "the order of the windows"


def test_the_loss_is_the_mean_over_what_was_hidden(tmp_path: Path) -> None:
    asked = task(tmp_path)
    logits = torch.randn(2, 4, asked.outputs)
    targets = torch.tensor([[[1, 5]], [[3, 2]]])  # a step and its character
    logs = logits.log_softmax(dim=-1)
    torch.testing.assert_close(asked.loss(logits, targets), -(logs[0, 1, 5] + logs[1, 3, 2]) / 2)


@SPLITS
@STEPS
def test_each_character_is_answered_for_once_with_what_hides_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split: str, steps: int
) -> None:
    monkeypatch.setattr(restore, "SCORING_WINDOWS", 3)
    asked = task(tmp_path, some_text(400), steps=steps, stride=steps)
    model = fresh(asked, BOTH_WAYS).eval()
    places, table = asked.answers(model, split)
    begins = asked.data.begins[split].tolist()
    assert places.tolist() == [begin + step for begin in begins for step in range(steps)]
    np.testing.assert_allclose(np.exp(table).sum(axis=1), 1)
    assert (np.exp(table[:, HIDDEN]) == 0).all()
    for place, found in zip(places.tolist(), table, strict=True):
        begin = begins[(place - begins[0]) // steps]
        step = place - begin
        window = asked.ids[begin : begin + steps].clone()
        window[step % 7 :: 7] = 0
        alone = model(window[None])[0][0, step, 1:].detach().double().log_softmax(dim=-1)
        np.testing.assert_allclose(found[1:], alone, atol=1e-5)


@SPLITS
@pytest.mark.parametrize("steps", [4, 9, 16])
def test_who_knows_the_text_restores_all_of_it(tmp_path: Path, split: str, steps: int) -> None:
    asked = task(tmp_path, "abcdef" * 60, steps=steps, stride=steps)
    score = asked.score(Knows(asked), split)
    assert score == {"loss": pytest.approx(0, abs=1e-12), "restored": 1}


@SPLITS
def test_who_knows_nothing_pays_for_every_character_alike(tmp_path: Path, split: str) -> None:
    asked = task(tmp_path)
    score = asked.score(Uniform(asked.inputs, asked.outputs, contract.Settings()), split)
    assert score["loss"] == pytest.approx(log(asked.outputs - 1))
    assert score["restored"] < 0.5


def test_answers_are_without_dropout(tmp_path: Path) -> None:
    asked = task(tmp_path)
    settings = {"cell": "gru", "hidden": 8, "bidirectional": True, "dropout": 0.5}
    model = fresh(asked, {**BOTH_WAYS, "settings": settings})
    first, again = (asked.answers(model.train(), "test").said for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_an_empty_split_scores_nothing(tmp_path: Path) -> None:
    asked = task(tmp_path, valid=0.0)
    model = fresh(asked, BOTH_WAYS)
    assert asked.score(model, "valid") == {}
    assert asked.answers(model, "valid").said.shape == (0, asked.outputs)


def test_a_loss_of_one_answer_a_window_is_refused(tmp_path: Path) -> None:
    asked = task(tmp_path)
    ids, targets = asked.take(asked.batches("train", 4)[0])
    with pytest.raises(PipelineError, match=r"once a window.*answers at every step"):
        asked.loss(fresh(asked, ONCE_A_WINDOW)(ids)[0], targets)


@pytest.mark.parametrize("method", ["answers", "score"])
def test_one_answer_a_window_is_no_answer(tmp_path: Path, method: str) -> None:
    asked = task(tmp_path)
    with pytest.raises(PipelineError, match=r"once a window.*answers at every step"):
        getattr(asked, method)(fresh(asked, ONCE_A_WINDOW), "valid")


def test_a_closed_form_and_samples_are_refused(tmp_path: Path) -> None:
    asked = task(tmp_path)
    with pytest.raises(PipelineError, match=r"restores characters.*`kind: descent`"):
        asked.everything("train")
    with pytest.raises(PipelineError, match=r"continues no text.*Remove `samples`"):
        asked.samples(fresh(asked, BOTH_WAYS), Samples(prefixes=("ab",), length=3))


def test_one_window_says_nothing_of_the_next(tmp_path: Path) -> None:
    assert task(tmp_path, order="consecutive").carry((torch.ones(2, 4, 8),)) is None


def test_a_few_epochs_restore_more(tmp_path: Path) -> None:
    asked = Restore(write_text(tmp_path / "text"), CPU)
    before = asked.score(fresh(asked, BOTH_WAYS), "valid")
    told = train(asked, tmp_path, descent(epochs=12), spec=BOTH_WAYS).told
    assert told[-1]["valid_restored"] > max(0.7, before["restored"], told[0]["valid_restored"])
    assert told[-1]["valid_loss"] < before["loss"] / 2
