"""The loss of a text: its context for each token, and its unit."""

from typing import Any

import pytest
import torch

from recurrent.common import paths
from recurrent.common.errors import PipelineError
from recurrent.serving import language
from recurrent.serving.language import LanguageModel
from tests.commands.trained import STACKED, WINDOWED, save
from tests.project import Project

FOLDER = paths.PIPELINES["lectures"].model("nietzsche_rnn", "lecture")
TEXT = "abcdeabbacdce"
CHAR3 = {**WINDOWED, "name": "Char3"}


def load(spec: dict[str, Any], words: dict[str, str] | None = None) -> LanguageModel:
    """Save a model with random weights, and load it."""
    save("nietzsche_rnn/lecture", spec)
    return LanguageModel(FOLDER, words or {})


@torch.inference_mode()
def nats(model: LanguageModel, before: str, token: str) -> float:
    """The loss of a token after the text before it, in nats."""
    outputs, _ = model.model(
        torch.from_numpy(model.vocabulary.encode(before).astype("int64"))[None]
    )
    logits = outputs[0, -1] if outputs.dim() == 3 else outputs[0]
    return -float(logits.double().log_softmax(dim=-1)[model.vocabulary.index[token]])


@pytest.mark.parametrize(
    ("spec", "window", "first"), [(WINDOWED, 3, 1), (CHAR3, 3, 3), (STACKED, 100, 1)]
)
def test_each_token_is_predicted_from_what_generation_would_read(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    spec: dict[str, Any],
    window: int,
    first: int,
) -> None:
    """`CharRnn` reads a window, `Char3` a whole one, a stateful network everything."""
    monkeypatch.setattr(language, "WINDOWS", 4)
    monkeypatch.setattr(language, "STEPS", 4)
    model = load(spec)
    for text in (TEXT, TEXT[:4]):
        places = range(first, len(text))
        expected = [nats(model, text[max(0, n - window) : n], text[n]) for n in places]
        mean = sum(expected) / len(expected)
        assert model.nats_per_character(text) == pytest.approx(mean, abs=1e-6)


def test_a_text_of_which_nothing_is_predicted_has_no_loss(project: Project) -> None:
    model = load(CHAR3)
    assert model.nats_per_character("abc") is model.nats_per_character("") is None
    assert model.nats_per_character("abcd")


def test_the_loss_of_words_is_per_character(project: Project) -> None:
    first = "\U000f0000"
    about = {"vocabulary": ["不", "他", first], "window": 3, "stateful": True}
    model = load({**STACKED, "inputs": 4, "outputs": 4, "about": about}, {first: "知道"})
    expected = (nats(model, "他", "不") + nats(model, "他不", first)) / 3
    assert model.nats_per_character("他不知道") == pytest.approx(expected, abs=1e-6)
    with pytest.raises(PipelineError, match="does not contain '道'"):
        model.nats_per_character("他道")
    with pytest.raises(PipelineError, match="does not contain"):
        model.nats_per_character(first)
