"""Words as symbols: what they spell, to whom they belong, and what their characters cost."""

from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.common import files
from recurrent.common.errors import PipelineError
from recurrent.data.splits import SPLITS
from recurrent.data.text import windows
from recurrent.data.text.dataset import RunningText
from recurrent.data.vocabulary import Vocabulary
from recurrent.data.words.spelling import in_characters, to_symbols, to_text, words_for, words_of
from tests.data.texts import encoded, some_text
from tests.data.words.examples import chinese, in_words, numbered, pieces

WORDS = numbered("ab", "abc", "dcba", "of no text")
WORD_LISTS = st.one_of(
    st.sampled_from([numbered("ab", "abc", "abcd"), numbered("aa", "aaa", "aaaaa")]),
    st.lists(st.text("abcd", min_size=2, max_size=4), unique=True, max_size=8).map(
        lambda words: numbered(*words)
    ),
)
# Letters, and pieces in which several words start at one place.
TEXTS = st.lists(st.sampled_from([*"abcd", "ab", "abcd", "dabcd", "aaaaa", "abbab"])).map("".join)
LINES = st.lists(st.sampled_from([*"abcd", *list(WORDS)[:3]]), min_size=8, max_size=40).map("".join)
SEEDS = st.integers(0, 1000)


class TestSymbols:
    @given(TEXTS, WORD_LISTS)
    def test_symbols_spell_the_text_by_its_longest_words(
        self, text: str, words: dict[str, str]
    ) -> None:
        symbols = to_symbols(text, words)
        assert to_text(symbols, words) == text
        for place, piece in pieces(symbols, words):
            fitting = [word for word in words.values() if text.startswith(word, place)]
            assert piece == max(fitting, key=len, default=text[place])

    @given(st.text(max_size=40))
    def test_without_words_a_text_is_its_own_symbols(self, text: str) -> None:
        assert to_symbols(text, {}) == to_text(text, {}) == text


class TestWords:
    def saved(self, folder: Path, text: str) -> dict[str, str]:
        data = in_words(folder, text)
        data.save(folder)
        return data.words

    def test_a_dataset_has_its_own_words_or_none(self, tmp_path: Path) -> None:
        encoded(tmp_path, some_text(200)).save(tmp_path)
        assert words_of(tmp_path) == {}
        assert self.saved(tmp_path, chinese()) == words_of(tmp_path) != {}
        with pytest.raises(PipelineError, match=r"gone: this dataset is not encoded yet"):
            words_of(tmp_path / "gone")

    def test_a_model_needs_the_words_that_it_was_trained_on(self, tmp_path: Path) -> None:
        words = self.saved(tmp_path, chinese())
        vocabulary = files.read_json(tmp_path / "dataset.json")["vocabulary"]
        assert words_for(vocabulary, tmp_path) == words
        assert words_for([*"分开"], tmp_path / "gone") == {}
        self.saved(tmp_path, chinese().replace("中国", "国"))
        for folder in (tmp_path, tmp_path / "gone"):
            with pytest.raises(PipelineError, match=r"trained on words.*no longer has.*dvc repro"):
                words_for(vocabulary, folder)


class Case(NamedTuple):
    """A text of words, and the log-probabilities of some of its symbols by two models."""

    data: RunningText
    records: NDArray[np.int32]
    log_probs: list[NDArray[np.float64]]


def case(line: str, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    vocabulary = Vocabulary([*"abcd", *WORDS])
    stretches = windows.split(len(line), 0.25, 0.25)
    data = RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(line),
        window=1,
        targets="every",
        order="sequential",
        starts={name: windows.starts(stretch, 1, 1) for name, stretch in stretches.items()},
        stretches=stretches,
        nats=rng.random(len(line)).astype(np.float32),
        origin={"source": "own file", "name": "some.txt"},
    )
    chosen = rng.random(len(line)) < 0.5
    chosen[rng.integers(len(line))] = True
    records = np.flatnonzero(chosen).astype(np.int32)
    return Case(data, records, [np.log(rng.random(len(records))) for _ in range(2)])


class TestInCharacters:
    @given(LINES, SEEDS)
    def test_the_text_is_the_same_split_by_split_and_window_by_window(
        self, line: str, seed: int
    ) -> None:
        data, records, log_probs = case(line, seed)
        spelled, _, _ = in_characters(data, records, log_probs, WORDS)
        text = to_text(line, WORDS)
        assert spelled.vocabulary.decode(spelled.ids) == text
        assert spelled.vocabulary.characters == ("\0", *sorted(set(text)))
        assert data.stretches and spelled.stretches
        for name in SPLITS:
            first, stop = data.stretches[name]
            assert text[slice(*spelled.stretches[name])] == to_text(line[first:stop], WORDS)
            assert [text[place:] for place in spelled.starts[name]] == [
                to_text(line[place:], WORDS) for place in data.starts[name]
            ]

    @given(LINES, SEEDS)
    def test_the_characters_of_a_symbol_cost_what_it_costs(self, line: str, seed: int) -> None:
        data, records, log_probs = case(line, seed)
        spelled, places, shared = in_characters(data, records, log_probs, WORDS)
        assert data.nats is not None and spelled.nats is not None
        by_symbol = np.add.reduceat(spelled.nats, [place for place, _ in pieces(line, WORDS)])
        np.testing.assert_allclose(by_symbol, data.nats, rtol=1e-6)
        stops = [*accumulate((len(WORDS.get(symbol, symbol)) for symbol in line), initial=0)]
        whole = [[*range(stops[record], stops[record + 1])] for record in records]
        assert places.tolist() == [place for own in whole for place in own]
        assert places.dtype == records.dtype
        starts = [0, *accumulate(map(len, whole))][:-1]
        for found, given_out in zip(log_probs, shared, strict=True):
            assert len(given_out) == len(places)
            np.testing.assert_allclose(np.add.reduceat(given_out, starts), found, atol=1e-9)

    def test_characters_share_equally(self) -> None:
        data, _, _ = case(f"c{next(iter(WORDS))}dcccccc", 0)  # the word is ab
        records = np.array([1, 2], dtype=np.int32)
        _, places, shared = in_characters(data, records, [np.array([-3.0, -1.0])], WORDS)
        assert places.tolist() == [1, 2, 3]
        assert shared[0].tolist() == [-1.5, -1.5, -1.0]

    def test_a_text_of_characters_is_returned_as_it_is(self) -> None:
        data, records, log_probs = case("abcd" * 4, 0)
        found = in_characters(data, records, log_probs, {})
        assert (found[0] is data, found[1] is records, found[2] is log_probs) == (True,) * 3
