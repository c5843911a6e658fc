"""Models of words and of characters stand on one ground."""

from pathlib import Path

import numpy as np
import pytest

from recurrent.data.words.spelling import in_characters
from recurrent.evaluation import language
from recurrent.evaluation.measured import Measured
from tests.data.texts import encoded
from tests.evaluation.words import FIFTHS, chinese, has_symbols, in_words


class TestOneGround:
    """The encoders of words and of characters on one text."""

    def measured(self, folder: Path, nats: list[float] | None = None) -> Measured:
        data = in_words(folder, chinese(), nats)
        assert data.words and data.text.stretches
        first, end = data.text.stretches["test"]
        records = np.arange(first, end, dtype=np.int32)
        gave = {seed: np.full(len(records), -2.0 - seed) for seed in (0, 1)}
        return language.measured(data.text, records, gave, data.words)

    def of_characters(
        self, folder: Path, nats: list[float] | None = None, **changes: float
    ) -> Measured:
        data = encoded(folder, chinese(), nats, **{**FIFTHS, **changes})
        assert data.stretches
        records = np.arange(*data.stretches["test"], dtype=np.int32)
        return language.measured(data, records, {0: np.full(len(records), -1.0)})

    def test_models_of_words_and_of_characters_share_it(self, tmp_path: Path) -> None:
        ours, theirs = self.measured(tmp_path), self.of_characters(tmp_path)
        assert ours.ground == theirs.ground != ""
        assert ours.ground != self.of_characters(tmp_path, test=0.3).ground

    def test_the_same_characters_are_measured_and_named(self, tmp_path: Path) -> None:
        ours, theirs = self.measured(tmp_path), self.of_characters(tmp_path)
        assert ours.records.tolist() == theirs.records.tolist()
        length = len(chinese())
        on = f"the last {length // 5} of {length} characters"
        for report in (ours.report, theirs.report):
            assert (report["protocol"], report["on"]) == ("held-out", on)
            assert report["characters"] == length // 5

    def test_the_source_pays_the_same_for_both(self, tmp_path: Path) -> None:
        nats = np.random.default_rng(1).random(len(chinese())).tolist()
        ours, theirs = self.measured(tmp_path, nats), self.of_characters(tmp_path, nats)
        assert ours.report["floor"] == pytest.approx(theirs.report["floor"], abs=2e-6)

    def test_nothing_that_is_left_stands_for_a_word(self, tmp_path: Path) -> None:
        data = in_words(tmp_path, chinese())
        assert has_symbols("".join(data.text.vocabulary.characters))
        records = np.zeros(1, dtype=np.int32)
        spelt, _, _ = in_characters(data.text, records, [np.zeros(1)], data.words)
        assert not has_symbols("".join(spelt.vocabulary.characters))
