"""A text in words: its symbols spell it, split by split, and cost what its characters cost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common import files
from recurrent.common.errors import PipelineError
from recurrent.data.text import windows
from recurrent.data.text.dataset import RunningText
from recurrent.data.words import encode as encoder
from recurrent.data.words.encode import RunningWords, Settings, cut_words, encode
from recurrent.data.words.spelling import FIRST, LAST
from tests.data.texts import ORIGIN, cleaned, encoded
from tests.data.words.examples import FIFTHS, in_words, numbered
from tests.project import ROOT

# Words, characters, and letters that no neighbour makes longer.
PIECES = ["我们", "北京大学", "中国", "的", "了", "，", "！", " ", "\n", "\r\n", "abc ", "3.14，"]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=40, max_size=80).map("".join)
ANYTHING = st.one_of(
    st.sampled_from(PIECES),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.sampled_from([*"abzAZ019.,-+#&_%?!()，。、！？…—《》 \t\r\n\u3000"]),
)


def spelled(data: RunningWords) -> dict[str, str]:
    """Return what the symbols of each split stand for."""
    line = data.text.vocabulary.decode(data.text.ids)
    assert data.text.stretches
    return {
        name: "".join(data.words.get(symbol, symbol) for symbol in line[first:stop])
        for name, (first, stop) in data.text.stretches.items()
    }


@pytest.fixture
def unread_dictionary() -> Iterator[None]:
    """Start without a tokenizer, and forget the test's own."""
    encoder._tokenizer.cache_clear()
    yield
    encoder._tokenizer.cache_clear()


@given(st.lists(ANYTHING, max_size=60).map("".join))
def test_the_words_joined_are_the_text(text: str) -> None:
    found = cut_words(text)
    assert "".join(found) == text
    assert all(found)


def test_a_sentence_is_cut_into_its_words() -> None:
    assert cut_words("我们在北京大学，3.14") == ["我们", "在", "北京大学", "，", "3.14"]


@given(TEXTS, st.integers(1, 4), st.sampled_from([0.0, 0.2, 0.25]))
def test_each_split_is_spelled_by_its_own_symbols(
    scratch: Path, text: str, min_count: int, share: float
) -> None:
    data = in_words(scratch, text, min_count=min_count, window=1, valid=share)
    stretches = windows.split(len(text), share, 0.2)
    assert spelled(data) == {name: text[first:stop] for name, (first, stop) in stretches.items()}
    assert data.text.stretches
    for name, (first, stop) in data.text.stretches.items():
        assert data.text.starts[name].tolist() == [*range(first, stop - 1)]


def test_a_word_across_two_splits_is_cut_between_them(tmp_path: Path) -> None:
    data = in_words(tmp_path, "北京大学，" * 20, valid=0.12, test=0.1)
    found = spelled(data)
    assert (found["train"][-4:], found["valid"][:2]) == ("，北京大", "学，")
    assert "北京大学" in data.words.values()


@pytest.mark.parametrize("held_out", [{"valid": 0.25, "test": 0.0}, {"valid": 0.0, "test": 0.25}])
def test_only_words_of_the_training_text_become_symbols(
    tmp_path: Path, held_out: dict[str, Any]
) -> None:
    data = in_words(tmp_path, "我们，" * 30 + "中国，" * 10, **held_out)
    assert data.words == numbered("我们")
    assert data.text.vocabulary.characters == ("\0", *sorted("我们，中国"), *numbered("我们"))


def test_a_symbol_costs_what_its_characters_cost(tmp_path: Path) -> None:
    text = "我们，在北京大学的\n" * 15
    nats = (np.random.default_rng(0).integers(1, 40, len(text)) / 8).tolist()  # sums are exact
    data = in_words(tmp_path, text, nats).text
    by_character = encoded(tmp_path, text, nats, valid=0.2, test=0.2)
    assert data.nats is not None and data.stretches and by_character.stretches
    assert len(data.nats) == len(data.ids) < len(text)
    for name, (first, stop) in data.stretches.items():
        own = slice(*by_character.stretches[name])
        assert data.nats[first:stop].sum() == sum(nats[own])
    assert in_words(tmp_path, text).text.nats is None, "of an unknown source"


def test_it_is_loaded_like_any_text_with_the_words_beside_it(tmp_path: Path) -> None:
    data = in_words(tmp_path, "我们，" * 40)
    data.save(tmp_path)
    loaded = RunningText.load(tmp_path)
    assert loaded.about() == data.text.about() | {"origin": ORIGIN, "window": 3, "targets": "every"}
    assert loaded.stateful and loaded.ids.tolist() == data.text.ids.tolist()
    assert files.read_json(tmp_path / "words.json") == data.words == numbered("我们")


def test_the_report_counts_symbols_and_characters(tmp_path: Path) -> None:
    settings = Settings.model_validate({**FIFTHS, "valid": 0.0})
    _, report = encode(cleaned(tmp_path, "我们，" * 50), settings)
    sizes = {"characters": 150, "symbols": 100, "words": 1, "vocabulary": 5}  # with padding
    assert report == {"origin": ORIGIN, **sizes, "train": 26, "valid": 0, "test": 6}


@pytest.mark.parametrize(
    ("length", "code_point", "place"), [(4, FIRST, "5"), (1200, LAST, "1,201")]
)
def test_a_text_that_already_has_such_symbols_is_refused(
    tmp_path: Path, length: int, code_point: int, place: str
) -> None:
    text = "我" * length + chr(code_point) + "们" * 50
    with pytest.raises(PipelineError, match=rf"character {place} of the text: .*Remove it"):
        in_words(tmp_path, text)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"window": 24}, "the split train has no window of 24"),
        ({"window": 8}, "the split valid has no window of 8"),
        ({"window": 8, "valid": 0.0}, "the split test has no window of 8"),
        ({"min_count": 0}, "min_count: .*got 0"),
        ({"targets": "every"}, "targets: unknown key"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        in_words(tmp_path, "我们，" * 20, **changes)


def test_too_many_symbols_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "我们中国" * 20
    monkeypatch.setattr(encoder, "LARGEST", 6)
    assert in_words(tmp_path, text).words
    monkeypatch.setattr(encoder, "LARGEST", 5)
    with pytest.raises(PipelineError, match=r"2 words and 4 characters do not fit.*`min_count`"):
        in_words(tmp_path, text)


@pytest.mark.usefixtures("unread_dictionary")
def test_another_jieba_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "DICTIONARY", "0" * 64)
    with pytest.raises(PipelineError, match=r"jieba \d.*dictionary differs.*requirements\.txt"):
        cut_words("我们")
    monkeypatch.setattr(encoder, "cut_words", lambda text: text.split())
    with pytest.raises(PipelineError, match=r"do not join to the original text.*requirements\.txt"):
        in_words(tmp_path, "我们 中国 " * 20)


def test_jieba_writes_no_cache_and_prints_nothing(tmp_path: Path) -> None:
    code = "from recurrent.data.words.encode import cut_words; assert len(cut_words('我们，')) == 2"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [*tmp_path.iterdir()] == []
