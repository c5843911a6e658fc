"""A model of words measured: in characters, and what it writes is spelt."""

from pathlib import Path
from typing import Any

import pytest

from recurrent import files, paths
from recurrent.evaluation.foresight import answers_by_prefix, answers_in_view
from recurrent.config import Samples
from recurrent.models import base as contract
from recurrent.tasks.next_token import NextCharacter
from tests.evaluation.words import chinese, has_symbols, in_words
from tests.small_experiment import BOTH_WAYS, IN_VIEW, measured, trained

LANGUAGE: dict[str, Any] = {
    "module": "language_model",
    "name": "LanguageModel",
    "settings": {"cell": "gru", "embedding": 4, "hidden": 8},
}

pytestmark = pytest.mark.usefixtures("project", "restored_torch")


class TestWords:
    """A model of words: measured and read in characters."""

    PREFIXES = Samples(prefixes=("我们", "的我", "中国！\n"), length=30)

    def test_each_character_of_the_held_out_text_counts(self, tmp_path: Path) -> None:
        text = chinese()
        task, models = trained(in_words(tmp_path, text), LANGUAGE)
        report = measured().report
        held_out = len(text) // 5
        assert report["characters"] == held_out
        assert report["on"] == f"the last {held_out} of {len(text)} characters"
        for seed, model in enumerate(models):
            gave = task.answers(model, "test").said
            assert len(gave) < held_out
            loss = -gave.sum() / held_out
            assert report["by_seed"][seed]["loss"] == pytest.approx(loss, abs=1e-5)

    def test_what_it_writes_is_spelt_and_begins_as_it_was_asked(self, tmp_path: Path) -> None:
        _, models = trained(in_words(tmp_path, chinese()), LANGUAGE)
        by_seed = measured(samples=self.PREFIXES).samples["by_seed"]
        assert len(by_seed) == len(models)
        for texts in by_seed.values():
            assert [*texts] == [*self.PREFIXES.prefixes]
            for prefix, text in texts.items():
                assert text.startswith(prefix)
                assert len(text) >= len(prefix) + self.PREFIXES.length
                assert not has_symbols(text)

    def test_a_prefix_is_read_as_the_words_that_it_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = in_words(tmp_path, chinese())
        trained(data, LANGUAGE, seeds=1)
        read: list[str] = []
        samples = NextCharacter.samples

        def heard(task: NextCharacter, model: contract.Model, wanted: Samples) -> Any:
            read.extend(wanted.prefixes)
            return samples(task, model, wanted)

        monkeypatch.setattr(NextCharacter, "samples", heard)
        measured(samples=self.PREFIXES, seeds=1)
        symbol = {word: symbol for symbol, word in data.words.items()}
        assert read == [symbol["我们"], "的我", symbol["中国"] + symbol.get("！\n", "！\n")]

    def test_what_it_wrote_while_training_is_spelt_too(self, tmp_path: Path) -> None:
        data = in_words(tmp_path, chinese())
        trained(data, LANGUAGE, seeds=1)
        symbol, word = next(iter(data.words.items()))
        earlier = {"0": {"40": {"我们": f"我们{symbol}"}}}
        files.write_json(paths.model("small") / "samples.json", earlier)
        found = measured(samples=self.PREFIXES, seeds=1)
        assert found.samples["while_training"] == {"0": {"40": {"我们": f"我们{word}"}}}

    def test_what_looks_ahead_is_measured_in_characters_in_view_or_not(
        self, tmp_path: Path
    ) -> None:
        data = in_words(tmp_path, chinese())
        task, (model,) = trained(data, BOTH_WAYS, seeds=1)
        mean = measured(seeds=1).report["mean"]
        line = data.text.vocabulary.decode(data.text.ids)
        for name, (places, gave) in (
            ("loss", answers_by_prefix(model, task, "test")),
            (IN_VIEW, answers_in_view(model, task, "test")),
        ):
            characters = sum(len(data.words.get(line[place], line[place])) for place in places)
            assert mean[name] == pytest.approx(-gave.sum() / characters, abs=1e-5), name
