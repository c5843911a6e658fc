"""A text in words: the symbols spell it, stretch by stretch, and cost what its characters do."""

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

from recurrent import files
from recurrent.data.text import windows
from recurrent.data.text.dataset import RunningText
from recurrent.data.words import encode as running_words
from recurrent.data.words.encode import FIRST, LAST, RunningWords, cut_words
from recurrent.errors import PipelineError
from tests.data.texts import ORIGIN, cleaned, encoded
from tests.pipeline.imports import ROOT

FIFTHS: dict[str, Any] = {"least": 2, "steps": 3, "order": "consecutive", "valid": 0.2, "test": 0.2}
WHOLE: dict[str, Any] = {"valid": 0.0, "test": 0.0}
SYMBOL, NEXT_SYMBOL = chr(FIRST), chr(FIRST + 1)
# Words, characters, and letters that no neighbour makes longer.
PIECES = ["我们", "北京大学", "中国", "的", "了", "，", "！", " ", "\n", "\r\n", "abc ", "3.14，"]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=40, max_size=80).map("".join)
ANYTHING = st.one_of(
    st.sampled_from(PIECES),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.sampled_from([*"abzAZ019.,-+#&_%?!()，。、！？…—《》 \t\r\n\u3000"]),
)


def in_words(
    folder: Path, text: str, nats: list[float] | None = None, **changes: Any
) -> RunningWords:
    """A text by the encoder: words that train twice, a fifth to choose by, one to measure."""
    settings = running_words.Settings.model_validate({**FIFTHS, **changes})
    return running_words.encode(cleaned(folder, text, nats), settings)[0]


def spelt(data: RunningWords) -> dict[str, str]:
    """What the symbols of each stretch stand for."""
    line = data.text.vocabulary.decode(data.text.ids)
    assert data.text.stretches
    return {
        name: "".join(data.words.get(symbol, symbol) for symbol in line[first:end])
        for name, (first, end) in data.text.stretches.items()
    }


@pytest.fixture
def unread_dictionary() -> Iterator[None]:
    """As at the start of a process; what the test reads is forgotten."""
    running_words._tokenizer.cache_clear()
    yield
    running_words._tokenizer.cache_clear()


@given(st.lists(ANYTHING, max_size=60).map("".join))
def test_the_pieces_joined_are_the_text(text: str) -> None:
    pieces = cut_words(text)
    assert "".join(pieces) == text
    assert all(pieces)


def test_a_sentence_is_cut_into_its_words() -> None:
    assert cut_words("我们在北京大学，3.14") == ["我们", "在", "北京大学", "，", "3.14"]


@given(TEXTS, st.integers(1, 4), st.sampled_from([0.0, 0.2, 0.25]))
def test_each_stretch_is_spelt_by_its_own_symbols(
    scratch: Path, text: str, least: int, share: float
) -> None:
    data = in_words(scratch, text, least=least, steps=1, valid=share)
    stretches = windows.split(len(text), share, 0.2)
    assert spelt(data) == {name: text[first:end] for name, (first, end) in stretches.items()}
    line = data.text.vocabulary.decode(data.text.ids)
    assert "".join(data.words.get(symbol, symbol) for symbol in line) == text


def test_a_word_across_two_stretches_is_cut_between_them(tmp_path: Path) -> None:
    data = in_words(tmp_path, "北京大学，" * 20, valid=0.12, test=0.1)
    found = spelt(data)
    assert (found["train"][-4:], found["valid"][:2]) == ("，北京大", "学，")
    assert "北京大学" in data.words.values()


@given(TEXTS, st.integers(1, 3))
def test_windows_lie_side_by_side_in_their_stretch(scratch: Path, text: str, steps: int) -> None:
    read = in_words(scratch, text, least=40, steps=steps).text
    assert read.stretches
    for name, (first, end) in read.stretches.items():
        assert read.begins[name].tolist() == [*range(first, end - steps, steps)]


@pytest.mark.parametrize("held_out", [{"valid": 0.25, "test": 0.0}, {"valid": 0.0, "test": 0.25}])
def test_a_word_of_held_out_text_alone_gets_no_symbol(
    tmp_path: Path, held_out: dict[str, Any]
) -> None:
    data = in_words(tmp_path, "我们，" * 30 + "中国，" * 10, **held_out)
    assert data.words == {SYMBOL: "我们"}
    assert data.text.vocabulary.characters == ("\0", *sorted("我们，中国"), SYMBOL)


@pytest.mark.parametrize(
    ("least", "words"),
    [(3, ["中国", "北京", "我们"]), (4, ["中国", "我们"]), (5, ["我们"]), (6, [])],
)
def test_a_word_gets_a_symbol_from_so_many_on(tmp_path: Path, least: int, words: list[str]) -> None:
    text = "我们，" * 5 + "中国，" * 4 + "北京，" * 3
    assert [*in_words(tmp_path, text, least=least, **WHOLE).words.values()] == words


def test_a_character_stands_for_itself(tmp_path: Path) -> None:
    data = in_words(tmp_path, "的，我！x " * 20, least=1)
    assert data.words == {}
    assert data.text.vocabulary.characters == ("\0", *sorted(set("的，我！x ")))


def test_characters_come_before_words_and_both_are_sorted(tmp_path: Path) -> None:
    text = "我们中国，" * 20
    first, again = (in_words(tmp_path, text) for _ in range(2))
    assert first.words == again.words == {SYMBOL: "中国", NEXT_SYMBOL: "我们"}
    found = first.text.vocabulary.characters
    assert found == ("\0", *sorted(set(text)), SYMBOL, NEXT_SYMBOL)
    assert again.text.vocabulary.characters == found
    assert again.text.ids.tolist() == first.text.ids.tolist()


def test_more_words_and_characters_than_16_bits_number_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "我们中国" * 20
    monkeypatch.setattr(running_words, "LARGEST", 6)
    assert in_words(tmp_path, text).words
    monkeypatch.setattr(running_words, "LARGEST", 5)
    with pytest.raises(PipelineError, match=r"2 words and 4 characters do not fit.*`least`"):
        in_words(tmp_path, text)


def test_words_that_do_not_join_to_the_text_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_words, "cut_words", lambda text: text.split())
    with pytest.raises(PipelineError, match=r"do not join to the text.*requirements\.txt"):
        in_words(tmp_path, "我们 中国 " * 20)


def test_a_symbol_costs_what_its_characters_do(tmp_path: Path) -> None:
    text = "我们，在北京大学的\n" * 15
    nats = (np.random.default_rng(0).integers(1, 40, len(text)) / 8).tolist()  # sums are exact
    data = in_words(tmp_path, text, nats)
    read = data.text
    assert read.nats is not None and read.stretches
    ends = np.cumsum([len(data.words.get(c, c)) for c in read.vocabulary.decode(read.ids)])
    begins = [0, *ends[:-1]]
    assert len(ends) < len(text)
    assert read.nats.tolist() == [sum(nats[a:b]) for a, b in zip(begins, ends, strict=True)]
    assert in_words(tmp_path, text).text.nats is None, "unknown of characters"
    by_character = encoded(tmp_path, text, nats, valid=0.2, test=0.2)
    assert by_character.stretches
    (first, end), (start, stop) = read.stretches["test"], by_character.stretches["test"]
    floor = by_character.floor(np.arange(start, stop, dtype=np.int32))
    assert floor
    assert read.nats[first:end].sum() / (stop - start) == pytest.approx(floor["loss"], abs=1e-6)


def test_it_is_read_back_as_any_text_with_the_words_beside_it(tmp_path: Path) -> None:
    data = in_words(tmp_path, "我们，" * 40, [1.0] * 120)
    folder = tmp_path / "encoded"
    folder.mkdir()
    data.save(folder)
    loaded = RunningText.load(folder)
    assert loaded.about() == data.text.about() | {"origin": ORIGIN, "steps": 3, "targets": "every"}
    assert (loaded.order, loaded.stretches) == ("consecutive", data.text.stretches)
    for found, saved in (
        (loaded.ids, data.text.ids),
        (loaded.nats, data.text.nats),
        *((loaded.begins[name], begins) for name, begins in data.text.begins.items()),
    ):
        assert found is not None and saved is not None
        np.testing.assert_array_equal(found, saved, strict=True)
    assert files.read_json(folder / "words.json") == data.words == {SYMBOL: "我们"}


def test_the_report_counts_symbols_and_characters(tmp_path: Path) -> None:
    settings = running_words.Settings.model_validate({**FIFTHS, "valid": 0.0})
    _, report = running_words.encode(cleaned(tmp_path, "我们，" * 50), settings)
    sizes = {"characters": 150, "symbols": 100, "words": 1, "vocabulary": 5}  # with padding
    assert report == {"origin": ORIGIN, **sizes, "train": 26, "valid": 0, "test": 6}


@pytest.mark.parametrize(
    ("length", "code_point", "place"), [(4, FIRST, "5"), (1200, LAST, "1,201"), (0, FIRST + 9, "1")]
)
def test_a_text_that_has_such_symbols_is_refused_with_their_place(
    tmp_path: Path, length: int, code_point: int, place: str
) -> None:
    text = "我" * length + chr(code_point) + "们" * 50
    with pytest.raises(PipelineError, match=rf"character {place} of the text: uses.*Remove it"):
        in_words(tmp_path, text)


@pytest.mark.parametrize(
    ("changes", "split"),
    [({"steps": 24}, "train"), ({"steps": 8}, "valid"), ({"steps": 8, "valid": 0.0}, "test")],
)
def test_a_text_without_a_window_for_each_split_is_refused(
    tmp_path: Path, changes: dict[str, Any], split: str
) -> None:
    says = rf"no window of {changes['steps']} symbols for {split}.*Shorten the windows"
    with pytest.raises(PipelineError, match=says):
        in_words(tmp_path, "我们，" * 20, **changes)
    in_words(tmp_path, "我们，" * 20, **{**changes, "steps": 7})


@pytest.mark.usefixtures("unread_dictionary")
def test_another_dictionary_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_words, "DICTIONARY", "0" * 64)
    says = r"jieba \d.*not the one that the results were made with.*requirements\.txt"
    with pytest.raises(PipelineError, match=says):
        cut_words("我们")


def test_nothing_is_left_in_a_shared_folder_and_nothing_printed(tmp_path: Path) -> None:
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
