"""Which character comes next: what is asked, and what each answer is worth."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recurrent.errors import PipelineError
from recurrent.config import Samples
from recurrent.models.base import State
from recurrent.tasks import next_token as next_character
from tests.tasks.asking import ONE_BY_ONE, RANDOM, STREAM, network, task


def test_all_windows_are_a_view_on_the_one_text(tmp_path: Path) -> None:
    asked = task(tmp_path)
    assert asked.windows.shape == (196, 5)
    assert asked.windows.data_ptr() == asked.ids.data_ptr()
    assert asked.windows.untyped_storage().nbytes() == asked.ids.nbytes


@pytest.mark.parametrize("targets", ["last", "every"])
def test_targets_are_the_inputs_one_character_on(tmp_path: Path, targets: str) -> None:
    asked = task(tmp_path, targets=targets)
    batch = np.array([7, 0, 150], dtype=np.int32)
    inputs, found = asked.take(batch)
    text = asked.data.ids.tolist()
    shifted = [text[start + 1 : start + 5] for start in batch]
    assert inputs.tolist() == [text[start : start + 4] for start in batch]
    assert found.tolist() == (shifted if targets == "every" else [row[-1] for row in shifted])


@pytest.mark.parametrize("split", ["train", "valid", "test"])
@pytest.mark.parametrize(
    ("changes", "name"),
    [(ONE_BY_ONE, "CharRnn"), (ONE_BY_ONE, "CharSeqRnn"), ({}, "CharSeqRnn"), (RANDOM, "CharRnn")],
)
def test_each_window_answers_for_what_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], name: str, split: str
) -> None:
    monkeypatch.setattr(next_character, "SCORING_WINDOWS", 7)
    asked = task(tmp_path, **{"targets": "last" if name == "CharRnn" else "every", **changes})
    model = network(asked, name)
    expected = {}
    for start in asked.data.begins[split].tolist():
        window = asked.ids[start : start + 5]
        logits = model(window[None, :-1])[0].detach().reshape(-1, asked.outputs)
        for offset in [4] if asked.last_only else range(1, 5):
            logs = logits[offset - 5].log_softmax(dim=-1)  # counted from the last
            expected[start + offset] = float(logs[window[offset]])
    records, gave = asked.answers(model, split)
    assert records.tolist() == sorted(expected)
    assert gave.tolist() == pytest.approx([expected[place] for place in sorted(expected)], abs=1e-5)


@pytest.mark.parametrize("changes", [{}, ONE_BY_ONE, STREAM])
def test_the_score_is_the_mean_of_the_answers(tmp_path: Path, changes: dict[str, Any]) -> None:
    asked = task(tmp_path, **changes)
    model = network(asked)
    _, gave = asked.answers(model, "valid")
    assert asked.score(model, "valid") == {"loss": pytest.approx(-sum(gave) / len(gave))}


@pytest.mark.parametrize("changes", [{}, STREAM])
def test_answers_are_without_dropout(tmp_path: Path, changes: dict[str, Any]) -> None:
    asked = task(tmp_path, **changes)
    model = network(asked, "LanguageModel", cell="gru", dropout=0.5)
    first, again = (asked.answers(model.train(), "test") for _ in range(2))
    assert first.said.tolist() == again.said.tolist()


@pytest.mark.parametrize("changes", [{}, STREAM])
def test_an_empty_split_scores_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    asked = task(tmp_path, valid=0.0, **changes)
    assert asked.score(network(asked), "valid") == {}
    assert len(asked.answers(network(asked), "test").records) > 0


def test_windows_carry_nothing_and_rows_their_state_without_its_gradient(tmp_path: Path) -> None:
    state: State = (torch.ones(1, 2, 3, requires_grad=True) * 2, torch.ones(1, 2, 3))
    assert task(tmp_path).carry(state) is None
    reads_on = task(tmp_path, **STREAM)
    assert reads_on.carry(None) is None
    carried = reads_on.carry(state)
    assert [part.requires_grad for part in (*state, *carried)] == [True, False, False, False]
    assert torch.equal(torch.stack(carried), torch.stack(state))


def test_everything_is_the_stretch_once_and_one_character_on(tmp_path: Path) -> None:
    asked = task(tmp_path)
    inputs, targets = asked.everything("valid")
    assert torch.equal(inputs, asked.ids[None, 160:179])
    assert torch.equal(targets, asked.ids[None, 161:180])


def test_windows_split_one_by_one_are_no_stretch_to_count_in(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="a model with a closed form reads a stretch"):
        task(tmp_path, **RANDOM).everything("train")


def test_the_loss_is_the_mean_over_what_was_asked(tmp_path: Path) -> None:
    logits = torch.randn(3, 4, 7)
    targets = torch.randint(7, (3, 4))
    logs = logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
    torch.testing.assert_close(task(tmp_path).loss(logits, targets), -logs.mean())
    last_only = task(tmp_path, **ONE_BY_ONE)
    for found in (logits, logits[:, -1]):
        torch.testing.assert_close(last_only.loss(found, targets[:, -1]), -logs[:, -1].mean())


def test_samples_begin_with_their_prefix_and_go_on_with_the_likeliest(tmp_path: Path) -> None:
    asked = task(tmp_path)
    model = network(asked)
    found = asked.samples(model, Samples(prefixes=("abca", "f"), length=5))
    assert [(prefix, len(text)) for prefix, text in found.items()] == [("abca", 9), ("f", 6)]
    for prefix, text in found.items():
        for place in range(len(prefix), len(text)):
            ids = asked.data.vocabulary.encode(text[max(0, place - 4) : place]).astype(np.int64)
            likeliest = model(torch.from_numpy(ids)[None])[0][0, -1, 1:].argmax() + 1
            assert text[place] == asked.data.vocabulary.characters[int(likeliest)]


def test_a_model_that_answers_once_a_window_is_not_asked_at_every_step(tmp_path: Path) -> None:
    asked = task(tmp_path)
    model = network(asked, "CharRnn")
    ids, targets = asked.take(asked.batches("train", 4)[0])
    for ask in (
        lambda: asked.loss(model(ids)[0], targets),
        lambda: asked.answers(model, "valid"),
    ):
        with pytest.raises(PipelineError, match=r"once a window.*`targets: last`"):
            ask()
