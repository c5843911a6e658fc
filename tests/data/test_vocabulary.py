import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recurrent.data.vocabulary import Vocabulary
from recurrent.errors import PipelineError

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
TEXTS = st.text(CHARACTERS, max_size=60)


@st.composite
def written(draw: st.DrawFn) -> tuple[Vocabulary, str]:
    """A vocabulary and a text in its characters."""
    characters = draw(st.lists(CHARACTERS, min_size=1, max_size=40, unique=True))
    return Vocabulary(characters), draw(st.text(st.sampled_from(characters), max_size=60))


@given(written())
def test_decoding_undoes_encoding(pair: tuple[Vocabulary, str]) -> None:
    vocabulary, text = pair
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == text
    assert ids.dtype == np.uint16
    assert ids.shape == (len(text),)
    assert all(1 <= i < len(vocabulary) for i in ids)


@given(TEXTS)
def test_indices_follow_the_order_given_and_zero_is_no_character(text: str) -> None:
    distinct = [*dict.fromkeys(text)]
    assert Vocabulary(distinct).encode("".join(distinct)).tolist() == [*range(1, len(distinct) + 1)]


@given(written(), CHARACTERS | st.just("\0"), st.integers(0, 60))
def test_an_unknown_character_is_refused_by_name(
    pair: tuple[Vocabulary, str], stranger: str, at: int
) -> None:
    vocabulary, text = pair
    assume(stranger not in vocabulary.characters[1:])
    text = text[:at] + stranger + text[at:]
    assert vocabulary.unknown(text) == {stranger}
    with pytest.raises(ValueError, match="not in the vocabulary") as fault:
        vocabulary.encode(text)
    assert repr(stranger) in str(fault.value)


@given(st.lists(TEXTS, max_size=10))
def test_rows_are_padded_at_their_end_and_nowhere_else(rows: list[str]) -> None:
    vocabulary = Vocabulary(sorted(set("".join(rows))))
    ids, lengths = vocabulary.encode_rows(rows)
    assert ids.shape == (len(rows), max(map(len, rows), default=0))
    assert lengths.tolist() == [len(row) for row in rows]
    for row, own, length in zip(rows, ids, lengths, strict=True):
        assert vocabulary.decode(own) == row
        assert own[:length].all()
        assert not own[length:].any()


def test_a_row_longer_than_its_length_can_say_is_refused() -> None:
    assert Vocabulary("a").encode_rows(["a" * 255])[1].tolist() == [255]
    with pytest.raises((ValueError, OverflowError)):
        Vocabulary("a").encode_rows(["a" * 256])


def test_padding_is_left_out_of_a_text() -> None:
    assert Vocabulary("王李").decode([0, 2, 0, 1, 0]) == "李王"


@pytest.mark.parametrize("characters", ["aba", "a\0", "\0"])
def test_characters_must_differ_from_each_other_and_from_padding(characters: str) -> None:
    with pytest.raises(ValueError, match="must differ"):
        Vocabulary(characters)


def test_more_characters_than_an_index_can_number_are_refused() -> None:
    planes = map(chr, range(0x10000, 0x20000))
    with pytest.raises(PipelineError, match="65,535"):
        Vocabulary(planes)
