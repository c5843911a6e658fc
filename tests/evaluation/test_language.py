"""Nats per character, perplexity and ensembles; models of words pay for the same characters."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.common.config import checked
from recurrent.data.text.dataset import RunningText
from recurrent.data.words import encode as words_encode
from recurrent.evaluation import language
from recurrent.evaluation.language import measure
from recurrent.evaluation.measured import Measured
from tests.data.texts import cleaned, encoded, some_text

CHANCES = st.lists(st.floats(1e-9, 1), min_size=5, max_size=5)
RECORDS = np.array([190, 191, 193, 197, 199], dtype=np.int32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> RunningText:
    """A text whose source is unknown."""
    return encoded(tmp_path_factory.mktemp("text"), some_text(200))


def logs(chances: list[float]) -> NDArray[np.float64]:
    return np.array([math.log(chance) for chance in chances])


@given(CHANCES)
def test_perplexity_is_one_over_the_geometric_mean_of_the_probabilities(
    chances: list[float],
) -> None:
    found = language.metrics(logs(chances))
    assert found["perplexity"] == pytest.approx(math.prod(chances) ** (-1 / 5))
    assert found["perplexity"] == math.exp(found["loss"])


@given(st.lists(CHANCES, min_size=2, max_size=4))
def test_an_ensemble_averages_probabilities(data: RunningText, chances: list[list[float]]) -> None:
    found = measure(data, RECORDS, {seed: logs(one) for seed, one in enumerate(chances)})
    assert found.ensemble_merit is not None and found.ensemble is not None
    np.testing.assert_allclose(np.exp(found.ensemble_merit), np.mean(chances, axis=0))
    assert found.ensemble == language.metrics(found.ensemble_merit)
    # Jensen: the logarithm of a mean is at least the mean of the logarithms.
    assert (found.ensemble_merit >= found.merit - 1e-12).all()


def test_each_seed_is_measured_and_the_merit_is_their_mean(data: RunningText) -> None:
    found = measure(
        data, RECORDS, {3: logs([0.5, 0.25, 1, 1, 0.5]), 7: logs([0.5, 1, 1, 0.25, 0.5])}
    )
    assert found.by_seed[3] == pytest.approx({"loss": 0.8 * math.log(2), "perplexity": 2**0.8})
    assert (found.merit / math.log(2)).tolist() == pytest.approx([-1, -1, 0, -1, -1])
    assert (found.records is RECORDS, found.bayes, found.by_prefix) == (True, None, False)


def test_a_single_seed_is_no_ensemble(data: RunningText) -> None:
    found = measure(data, RECORDS, {0: logs([0.5] * 5)})
    assert (found.ensemble, found.ensemble_merit) == (None, None)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        (("a b\n" * 60 + "\n") * 3, 180),  # two spaces or line ends: a song ends
        (("a b " * 60 + " ") * 3, 180),
        (("ab  a\n" * 60) * 3, 530),  # no blank line: a song of the upstream lyrics
        ("ab\n\n" * 200, 100),
        (("ab\n" * 900 + "\n") * 2, 530),
    ],
)
def test_a_block_is_as_long_as_a_song_or_a_paragraph(
    tmp_path: Path, text: str, length: int
) -> None:
    found = measure(encoded(tmp_path, text), RECORDS, {0: logs([0.5] * 5)})
    assert found.block == length


def test_metrics_in_view_are_added_and_change_no_others(data: RunningText) -> None:
    before = measure(data, RECORDS, {3: logs([0.5] * 5), 7: logs([0.125] * 5)})
    seen = measure(data, RECORDS, {3: logs([1.0] * 5), 7: logs([0.25] * 5)})
    found = language.by_prefix(before, seen)
    assert found.by_prefix
    assert found.by_seed[3] == {**before.by_seed[3], "loss_in_view": 0, "perplexity_in_view": 1}
    assert found.by_seed[7]["perplexity_in_view"] == pytest.approx(4)
    assert (found.ensemble, found.merit is before.merit) == (before.ensemble, True)


def test_bayes_is_the_cost_of_the_measured_characters(tmp_path: Path) -> None:
    nats = [50.0] * 200
    for place, cost in zip(RECORDS, (1, 2, 3, 4, 5), strict=True):
        nats[place] = cost
    found = measure(encoded(tmp_path, some_text(200), nats), RECORDS, {0: logs([0.5] * 5)})
    assert found.bayes == pytest.approx({"loss": 3, "perplexity": math.exp(3)}, abs=1e-6)


def test_datasets_of_one_text_and_the_same_stretches_share_records(tmp_path: Path) -> None:
    def text(characters: str = "abcdef", **changes: Any) -> str:
        data = encoded(tmp_path, some_text(200, characters), **changes)
        return measure(data, RECORDS, {0: logs([0.5] * 5)}).text

    assert text() == text(window=8, stride=1, targets="last") != ""
    assert text(test=0.2) != text()
    assert text("uvwxyz") != text(), "the same stretches of another text"
    assert text(split="random", valid=0.2, test=0.0, seed=0) == ""


FIFTHS: dict[str, Any] = {"window": 3, "order": "sequential", "valid": 0.2, "test": 0.2}


class TestWords:
    """Models of words and of characters, on one text."""

    PIECES = ("我们", "北京大学", "中国", "的", "，", "！\n")
    TEXT = "".join(np.random.default_rng(0).choice(PIECES, size=160))

    def of_words(self, folder: Path, nats: list[float] | None = None) -> Measured:
        settings = checked(words_encode.Settings, {"min_count": 2, **FIFTHS}, "here")
        data, _ = words_encode.encode(cleaned(folder, self.TEXT, nats), settings)
        assert data.words and data.text.stretches
        records = np.arange(*data.text.stretches["test"], dtype=np.int32)
        log_probs = {seed: np.full(len(records), -2.0 - seed) for seed in (0, 1)}
        found = measure(data.text, records, log_probs, data.words)
        for seed, given_ in log_probs.items():
            loss = -given_.sum() / (len(self.TEXT) // 5)
            assert found.by_seed[seed]["loss"] == pytest.approx(loss), "all nats by characters"
        averaged = -len(records) * math.log((math.exp(-2) + math.exp(-3)) / 2)
        assert found.ensemble is not None
        assert found.ensemble["loss"] == pytest.approx(averaged / len(found.records))
        return found

    def of_characters(self, folder: Path, nats: list[float] | None = None) -> Measured:
        data = encoded(folder, self.TEXT, nats, **FIFTHS)
        assert data.stretches
        records = np.arange(*data.stretches["test"], dtype=np.int32)
        return measure(data, records, {0: np.full(len(records), -1.0)})

    def test_the_same_characters_of_the_same_text_are_measured(self, tmp_path: Path) -> None:
        nats = np.random.default_rng(1).random(len(self.TEXT)).tolist()
        ours, theirs = self.of_words(tmp_path, nats), self.of_characters(tmp_path, nats)
        assert ours.text == theirs.text != ""
        assert ours.records.tolist() == theirs.records.tolist()
        assert (
            ours.stretch == theirs.stretch == (len(self.TEXT) * 4 // 5 + 1, *[len(self.TEXT)] * 2)
        )
        assert len(ours.merit) == len(theirs.merit) == len(self.TEXT) // 5
        assert ours.bayes == pytest.approx(theirs.bayes, abs=2e-6)
