"""What a probe asks: real stretches of text or names, and the answer after the last step."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.errors import PipelineError
from recurrent.tasks.restore import Restore
from tests.tasks.asking import RANDOM, STREAM, task
from tests.training.toy import CPU, toy_task, write_text


@pytest.mark.parametrize("changes", [{}, STREAM, RANDOM], ids=["windows", "stream", "random"])
@given(seed=st.integers(0, 1000), steps=st.integers(2, 30))
def test_of_a_text_they_are_stretches_of_it(
    scratch: Path, changes: dict[str, Any], seed: int, steps: int
) -> None:
    folder = scratch / "-".join(map(str, changes.values()))
    folder.mkdir(exist_ok=True)
    asked = task(folder, **changes)
    ids, targets = asked.questions(steps, 5, np.random.default_rng(seed))
    stretches = asked.data.stretches
    first, end = stretches["test"] if stretches else (0, len(asked.data.ids))
    steps = min(steps, end - first - 1)
    assert (ids.shape, targets.shape) == ((5, steps), (5,))
    text = "".join(map(chr, asked.data.ids[first:end] + 100))
    for row, answer in zip(ids, targets, strict=True):
        assert "".join(chr(int(c) + 100) for c in (*row, answer)) in text


def test_of_names_they_are_the_longest_of_which_there_are_enough(tmp_path: Path) -> None:
    asked = toy_task(tmp_path)
    rows = asked.data.splits["test"]
    by_length = {n: int((asked.data.lengths[rows] == n).sum()) for n in (2, 3, 4)}
    for steps in (2, 3, 35):
        ids, labels = asked.questions(steps, 5, np.random.default_rng(0))
        assert ids.shape == (5, min(steps, 4))
        names = {
            (*asked.data.ids[r, : ids.shape[1]].tolist(), int(asked.data.labels[r])) for r in rows
        }
        assert {
            (*row.tolist(), int(label)) for row, label in zip(ids, labels, strict=True)
        } <= names
    most = max(by_length, key=lambda n: by_length[n])
    ids, _ = asked.questions(35, 1000, np.random.default_rng(0))
    assert ids.shape == (by_length[most], most), "never enough: the commonest length, all of them"


def test_what_is_hidden_anywhere_is_not_asked_after_a_window(tmp_path: Path) -> None:
    asked = Restore(write_text(tmp_path / "text", order="shuffled"), CPU)
    with pytest.raises(PipelineError, match=r"params\.yaml: probes: what is hidden"):
        asked.questions(5, 2, np.random.default_rng(0))
