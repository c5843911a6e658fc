"""Words spelt out: the same text, the same places, the same cost, character by character."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stages.common import files
from stages.common.errors import PipelineError
from stages.datasets import windows
from stages.datasets.running import SPLITS, RunningText
from stages.datasets.vocabulary import Vocabulary
from stages.evaluation import language
from stages.evaluation.measured import Measured
from stages.evaluation.spelling import (
    in_characters,
    to_symbols,
    to_text,
    words_for,
    words_of,
)
from tests.encoders.texts import encoded, some_text
from tests.evaluation.words import FIFTHS, chinese, has_symbols, in_words, numbered

LISTS = [
    numbered(),
    numbered("ab", "bc", "cd"),
    numbered("ab", "abc", "abcd"),
    numbered("abcd", "bcd", "cd", "dab"),
    numbered("aa", "aaa", "aaaaa"),
    numbered("bab", "ab", "ba", "abba"),
]
WORD_LISTS = st.one_of(
    st.sampled_from(LISTS),
    st.lists(st.text("abcd", min_size=2, max_size=4), unique=True, max_size=8).map(
        lambda words: numbered(*words)
    ),
)
# Of letters and of pieces in which several words begin at one place.
TEXTS = st.lists(st.sampled_from([*"abcd", "ab", "abcd", "dabcd", "aaaaa", "abbab"])).map("".join)

WORDS = numbered("ab", "abc", "dcba", "of no text")
LINES = st.lists(st.sampled_from([*"abcd", *list(WORDS)[:3]]), min_size=8, max_size=40).map("".join)
SEEDS = st.integers(0, 1000)


def pieces(line: str, words: Mapping[str, str]) -> list[tuple[int, str]]:
    """Where in the text each symbol begins, and what it stands for."""
    stands_for = [words.get(symbol, symbol) for symbol in line]
    begins = accumulate(map(len, stands_for), initial=0)
    return [*zip(begins, stands_for, strict=False)]


class Case(NamedTuple):
    """A text of words, and what two models gave some symbols of it."""

    data: RunningText
    records: NDArray[np.int32]
    logs: list[NDArray[np.float64]]


def case(line: str, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    vocabulary = Vocabulary([*"abcd", *WORDS])
    stretches = windows.split(len(line), 0.25, 0.25)
    data = RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(line),
        steps=1,
        targets="every",
        order="consecutive",
        begins={name: windows.starts(stretch, 1, 1) for name, stretch in stretches.items()},
        stretches=stretches,
        nats=rng.random(len(line)).astype(np.float32),
        origin={"source": "own file", "name": "some.txt"},
    )
    chosen = rng.random(len(line)) < 0.5
    chosen[rng.integers(len(line))] = True
    records = np.flatnonzero(chosen).astype(np.int32)
    return Case(data, records, [np.log(rng.random(len(records))) for _ in range(2)])


class TestSymbols:
    @given(TEXTS, WORD_LISTS)
    def test_symbols_spell_the_text(self, text: str, words: dict[str, str]) -> None:
        assert to_text(to_symbols(text, words), words) == text

    @given(TEXTS, WORD_LISTS)
    def test_at_each_place_the_longest_word_wins(self, text: str, words: dict[str, str]) -> None:
        for place, piece in pieces(to_symbols(text, words), words):
            fitting = [word for word in words.values() if text.startswith(word, place)]
            assert piece == max(fitting, key=len, default=text[place])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("分开", "1"),
            ("不分开", "0"),
            ("分开不", "1不"),
            ("不分分开", "不分1"),
            ("分不开", "分不开"),
            ("分开了", "2"),
            ("不分开了", "0了"),
            ("", ""),
        ],
    )
    def test_a_word_is_read_as_one_where_all_of_it_is_there(self, text: str, expected: str) -> None:
        words = numbered("不分开", "分开", "分开了")
        for number, symbol in enumerate(words):
            expected = expected.replace(str(number), symbol)
        assert to_symbols(text, words) == expected

    @given(st.text(max_size=40))
    def test_without_words_a_text_is_its_own_symbols(self, text: str) -> None:
        assert to_symbols(text, {}) == text
        assert to_text(text, {}) == text


class TestInCharacters:
    @given(LINES, SEEDS)
    def test_the_ids_are_the_text_over_its_own_sorted_characters(
        self, line: str, seed: int
    ) -> None:
        spelt, _, _ = in_characters(*case(line, seed), WORDS)
        text = to_text(line, WORDS)
        assert spelt.vocabulary.decode(spelt.ids) == text
        assert spelt.vocabulary.characters == ("\0", *sorted(set(text)))

    @given(LINES, SEEDS)
    def test_stretches_hold_the_characters_that_they_held(self, line: str, seed: int) -> None:
        data, records, logs = case(line, seed)
        spelt, _, _ = in_characters(data, records, logs, WORDS)
        assert data.stretches and spelt.stretches
        text = to_text(line, WORDS)
        assert {name: text[first:end] for name, (first, end) in spelt.stretches.items()} == {
            name: to_text(line[first:end], WORDS) for name, (first, end) in data.stretches.items()
        }

    @given(LINES, SEEDS)
    def test_what_symbols_cost_their_source_their_characters_cost(
        self, line: str, seed: int
    ) -> None:
        data, records, logs = case(line, seed)
        spelt, _, _ = in_characters(data, records, logs, WORDS)
        assert data.nats is not None and spelt.nats is not None
        assert len(spelt.nats) == len(to_text(line, WORDS))
        by_symbol = np.add.reduceat(spelt.nats, [place for place, _ in pieces(line, WORDS)])
        np.testing.assert_allclose(by_symbol, data.nats, rtol=1e-6)

    @given(LINES, SEEDS)
    def test_a_record_becomes_all_its_characters_in_order_and_costs_the_same(
        self, line: str, seed: int
    ) -> None:
        data, records, logs = case(line, seed)
        _, places, shared = in_characters(data, records, logs, WORDS)
        ends = [*accumulate((len(WORDS.get(symbol, symbol)) for symbol in line), initial=0)]
        whole = [[*range(ends[record], ends[record + 1])] for record in records]
        assert places.tolist() == [place for its_own in whole for place in its_own]
        assert places.dtype == records.dtype
        begins = [0, *accumulate(map(len, whole))][:-1]
        for found, given_out in zip(logs, shared, strict=True):
            assert len(given_out) == len(places)
            by_record = np.add.reduceat(given_out, begins)
            np.testing.assert_allclose(by_record, found, rtol=0, atol=1e-9)
            assert math.fsum(given_out) == pytest.approx(math.fsum(found), abs=1e-9)

    @given(LINES, SEEDS)
    def test_the_loss_is_all_nats_by_the_number_of_characters(self, line: str, seed: int) -> None:
        data, records, logs = case(line, seed)
        gave = {3: logs[0], 7: logs[1]}
        found = language.measured(data, records, gave, WORDS)
        report = found.report
        characters = sum(len(to_text(line[record], WORDS)) for record in records)
        assert report["characters"] == characters
        for number, given_out in gave.items():
            loss = -given_out.sum() / characters
            assert report["by_seed"][number]["loss"] == pytest.approx(loss, abs=1e-9)
        averaged = -np.log(np.mean(np.exp(logs), axis=0)).sum()  # of symbols, as models answer
        assert report["together"]["loss"] == pytest.approx(averaged / characters, abs=1e-9)
        assert found.together is not None
        assert len(found.merit) == len(found.together) == len(found.records) == characters
        cost = float(data.nats[records].sum(dtype=float)) if data.nats is not None else 0.0
        assert report["floor"]["loss"] == pytest.approx(cost / characters, abs=2e-6)

    @pytest.mark.parametrize("measured", SPLITS)
    def test_what_is_measured_on_stays(self, measured: str) -> None:
        data, records, logs = case("abcd" * 4, 0)
        there = SPLITS[: SPLITS.index(measured) + 1]
        none = np.zeros(0, dtype=np.int32)
        begins = {name: data.begins[name] if name in there else none for name in SPLITS}
        data = replace(data, begins=begins)
        assert data.measured == measured
        assert in_characters(data, records, logs, WORDS)[0].measured == measured

    @given(LINES, SEEDS)
    def test_windows_begin_where_they_did(self, line: str, seed: int) -> None:
        data, records, logs = case(line, seed)
        spelt, _, _ = in_characters(data, records, logs, WORDS)
        text = to_text(line, WORDS)
        for name, begins in data.begins.items():
            found = spelt.begins[name]
            assert found.dtype == begins.dtype
            assert [text[place:] for place in found] == [
                to_text(line[place:], WORDS) for place in begins
            ]

    def test_what_is_not_known_stays_unknown(self) -> None:
        data, records, logs = case("abcd" * 4, 0)
        data = replace(data, nats=None, stretches=None)
        spelt, _, _ = in_characters(data, records, logs, WORDS)
        assert (spelt.nats, spelt.stretches) == (None, None)

    def test_a_text_of_characters_is_left_as_it_is(self, tmp_path: Path) -> None:
        data, records = encoded(tmp_path, some_text(200)), np.array([190, 199], dtype=np.int32)
        logs = [np.log([0.5, 0.25])]
        found = in_characters(data, records, logs, {})
        assert found[0] is data
        assert found[1] is records
        assert found[2] is logs

    def test_a_symbols_cost_is_shared_by_its_characters(self) -> None:
        symbol = next(iter(WORDS))  # ab
        data, _, _ = case(f"c{symbol}dcccccc", 0)
        records = np.array([1, 2], dtype=np.int32)
        _, places, shared = in_characters(data, records, [np.array([-3.0, -1.0])], WORDS)
        assert places.tolist() == [1, 2, 3]
        assert shared[0].tolist() == [-1.5, -1.5, -1.0]


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


class TestWordsOf:
    def test_a_dataset_of_words_has_them_beside_it(self, tmp_path: Path) -> None:
        data = in_words(tmp_path, chinese())
        folder = tmp_path / "encoded"
        folder.mkdir()
        data.save(folder)
        assert words_of(folder) == data.words != {}

    def test_a_dataset_of_characters_has_none(self, tmp_path: Path) -> None:
        encoded(tmp_path, some_text(200)).save(tmp_path)
        assert words_of(tmp_path) == {}

    def test_a_dataset_that_is_not_encoded_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(PipelineError, match=r"small: .*not encoded yet.*dvc repro") as fault:
            words_of(tmp_path / "small")
        assert fault.value.where == str(tmp_path / "small")

    def test_they_are_read_as_they_were_written(self, tmp_path: Path) -> None:
        files.write_json(tmp_path / "words.json", numbered("我们", "中国"))
        assert words_of(tmp_path) == numbered("我们", "中国")


class TestWordsFor:
    """A trained model, and the dataset as it is now."""

    def saved(self, folder: Path, text: str) -> dict[str, str]:
        data = in_words(folder, text)
        data.save(folder)
        return data.words

    def vocabulary(self, folder: Path) -> list[str]:
        return [*files.read_json(folder / "dataset.json")["vocabulary"]]

    def test_they_are_those_that_it_was_trained_on(self, tmp_path: Path) -> None:
        words = self.saved(tmp_path, chinese())
        assert words_for(self.vocabulary(tmp_path), tmp_path) == words != {}

    def test_a_model_of_characters_needs_no_dataset(self, tmp_path: Path) -> None:
        assert words_for([*"分开"], tmp_path / "nowhere") == {}

    def test_other_words_than_those_are_refused(self, tmp_path: Path) -> None:
        self.saved(tmp_path, chinese())
        trained = self.vocabulary(tmp_path)
        self.saved(tmp_path, chinese().replace("中国", "国"))
        with pytest.raises(PipelineError, match=r"trained on words.*no longer has.*dvc repro"):
            words_for(trained, tmp_path)

    def test_words_of_a_dataset_that_is_gone_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(PipelineError, match=r"gone: .*trained on words.*dvc repro"):
            words_for([*"分开", *WORDS], tmp_path / "gone")
