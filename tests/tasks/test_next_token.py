"""Language modelling: windows, text that is read with its state, and what is predicted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common.config import Samples
from recurrent.common.errors import PipelineError
from recurrent.data.text.windows import covering
from recurrent.models.base import Model
from recurrent.tasks import next_token as module
from recurrent.tasks.next_token import NextToken
from tests.tasks.toys import LAST, RANDOM, SEQUENTIAL, model_for, next_token


def test_windows_are_a_view_of_the_text(tmp_path: Path) -> None:
    task = next_token(tmp_path)
    assert task.windows.shape == (196, 5)
    assert task.windows.data_ptr() == task.ids.data_ptr()


@pytest.mark.parametrize("targets", ["last", "every"])
def test_targets_are_one_character_further(tmp_path: Path, targets: str) -> None:
    task = next_token(tmp_path, targets=targets)
    starts = np.array([7, 0, 150], dtype=np.int32)
    inputs, found = task.take(starts)
    text = task.data.ids.tolist()
    shifted = [text[start + 1 : start + 5] for start in starts]
    assert inputs.tolist() == [text[start : start + 4] for start in starts]
    assert found.tolist() == (shifted if targets == "every" else [row[-1] for row in shifted])


@pytest.mark.parametrize("split", ["train", "valid"])
@pytest.mark.parametrize(
    ("changes", "name"),
    [(LAST, "CharRnn"), (LAST, "CharSeqRnn"), ({}, "CharSeqRnn"), (RANDOM, "CharSeqRnn")],
)
def test_each_window_predicts_its_own_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], name: str, split: str
) -> None:
    monkeypatch.setattr(module, "SCORING_WINDOWS", 7)
    task = next_token(tmp_path, **changes)
    model = model_for(task, name)
    expected = {}
    for start in task.data.starts[split].tolist():
        window = task.ids[start : start + 5]
        logits = model(window[None, :-1])[0].detach().reshape(-1, task.outputs)
        for offset in [4] if task.last_only else range(1, 5):
            log_prob = logits[offset - 5].log_softmax(dim=-1)  # counted from the last
            expected[start + offset] = float(log_prob[window[offset]])
    records, values = task.predictions(model, split)
    assert records.tolist() == sorted(expected)
    assert values.tolist() == pytest.approx([expected[r] for r in sorted(expected)], abs=1e-5)


def test_a_model_that_predicts_once_per_window_needs_such_targets(tmp_path: Path) -> None:
    task = next_token(tmp_path)
    model = model_for(task, "CharRnn")
    ids, targets = task.take(task.batches("train", 4)[0])
    with pytest.raises(PipelineError, match=r"once per window.*`targets: last`"):
        task.loss(model(ids)[0], targets)
    with pytest.raises(PipelineError, match=r"once per window.*`targets: last`"):
        task.predictions(model, "valid")


def test_a_whole_split_is_its_stretch(tmp_path: Path) -> None:
    task = next_token(tmp_path)
    inputs, targets = task.whole_split("valid")
    assert torch.equal(inputs, task.ids[None, 160:179])
    assert torch.equal(targets, task.ids[None, 161:180])
    with pytest.raises(PipelineError, match=r"split at random.*`split: contiguous`"):
        next_token(tmp_path, **RANDOM).whole_split("train")


def test_samples_continue_their_prefix_greedily(tmp_path: Path) -> None:
    task = next_token(tmp_path)
    model = model_for(task, "CharSeqRnn")
    samples = task.samples(model, Samples(prefixes=("abca", "f"), length=5))
    assert [(prefix, len(text)) for prefix, text in samples.items()] == [("abca", 9), ("f", 6)]
    for prefix, text in samples.items():
        for place in range(len(prefix), len(text)):
            ids = task.data.vocabulary.encode(text[max(0, place - 4) : place]).astype(np.int64)
            likeliest = model(torch.from_numpy(ids)[None])[0][0, -1, 1:].argmax() + 1
            assert text[place] == task.data.vocabulary.characters[int(likeliest)]


@torch.inference_mode()
def in_one_pass(model: Model, task: NextToken, first: int, stop: int) -> list[float]:
    """Return the log-probability of each character of a stretch after its first one."""
    text = task.ids[first:stop]
    log_prob = model(text[None, :-1])[0][0].double().log_softmax(dim=-1)
    return [float(row[target]) for row, target in zip(log_prob, text[1:], strict=True)]


def scoring(patch: pytest.MonkeyPatch, *, rows: int, steps: int, warm_up: int) -> None:
    patch.setattr(module, "SCORING_ROWS", rows)
    patch.setattr(module, "SCORING_STEPS", steps)
    patch.setattr(module, "WARM_UP", warm_up)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_with_a_warm_up_from_the_start_it_is_one_pass_over_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str
) -> None:
    scoring(monkeypatch, rows=1, steps=7, warm_up=1000)
    task = next_token(tmp_path, **SEQUENTIAL)
    model = model_for(task, "StatefulRnn", cell=cell)
    whole = [np.nan, *in_one_pass(model, task, 0, 200)]
    for split, first, stop in (("train", 1, 160), ("valid", 160, 180)):
        records, values = task.predictions(model, split)
        assert records.tolist() == [*range(first, stop)]
        assert values.tolist() == pytest.approx(whole[first:stop], abs=1e-5)


@pytest.mark.parametrize("steps", [1, 5, 64])
def test_each_row_is_read_from_its_warm_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    scoring(monkeypatch, rows=4, steps=steps, warm_up=9)
    task = next_token(tmp_path, **SEQUENTIAL)
    model = model_for(task, "StatefulRnn", cell="gru")
    starts, length = covering((180, 200), 4, 9)
    assert length == 9 + 5
    expected = [
        value
        for start in starts.tolist()
        for value in in_one_pass(model, task, start, start + 1 + length)[9:]
    ]
    records, values = task.predictions(model, "test")
    assert records.tolist() == [*range(180, 200)]
    assert values.tolist() == pytest.approx(expected, abs=1e-5)


@given(st.integers(1, 50), st.integers(1, 20), st.integers(2, 30))
def test_ngrams_shorter_than_the_warm_up_are_exact(
    scratch: Path, rows: int, steps: int, warm_up: int
) -> None:
    task = next_token(scratch, **SEQUENTIAL)
    model = model_for(task, "InterpolatedNgrams", order=3)
    model.fit(*task.whole_split("train"))
    whole = [np.nan, *in_one_pass(model, task, 0, 200)]
    with pytest.MonkeyPatch.context() as patch:
        scoring(patch, rows=rows, steps=steps, warm_up=warm_up)
        for split, first, stop in (("train", 1, 160), ("valid", 160, 180), ("test", 180, 200)):
            records, values = task.predictions(model, split)
            assert records.tolist() == [*range(first, stop)]
            assert values.tolist() == pytest.approx(whole[first:stop], abs=1e-12)


def test_a_model_that_predicts_nan_has_nan_predictions(tmp_path: Path) -> None:
    for changes in ({}, SEQUENTIAL):
        task = next_token(tmp_path, **changes)
        model = model_for(task, "CharSeqRnn")
        torch.nn.init.constant_(model.get_parameter("l_out.bias"), torch.nan)
        records, values = task.predictions(model, "test")
        assert len(records) > 10 and np.isnan(values).all()


@pytest.mark.parametrize("changes", [{}, SEQUENTIAL, RANDOM], ids=["windows", "stateful", "random"])
@given(seed=st.integers(0, 1000), steps=st.integers(2, 30))
def test_a_probe_batch_is_drawn_from_the_measured_stretch(
    scratch: Path, changes: dict[str, Any], seed: int, steps: int
) -> None:
    task = next_token(scratch, **changes)
    ids, targets = task.probe_batch(steps, 5, np.random.default_rng(seed))
    first, stop = (180, 200) if task.data.stretches else (0, 200)
    steps = min(steps, stop - first - 1)
    assert (ids.shape, targets.shape) == ((5, steps), (5,))
    stretch = task.ids[first:stop].unfold(0, steps + 1, 1).tolist()
    assert all(
        [*row, target] in stretch
        for row, target in zip(ids.tolist(), targets.tolist(), strict=True)
    )
