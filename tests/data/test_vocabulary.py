"""Characters to integers and back."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recurrent.common.errors import PipelineError
from recurrent.data.vocabulary import Vocabulary

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
TEXTS = st.text(CHARACTERS, max_size=60)


@st.composite
def written(draw: st.DrawFn) -> tuple[Vocabulary, str]:
    """Draw a vocabulary, and a text in its characters."""
    characters = draw(st.lists(CHARACTERS, min_size=1, max_size=40, unique=True))
    return Vocabulary(characters), draw(st.text(st.sampled_from(characters), max_size=60))


@given(written())
def test_decoding_undoes_encoding(pair: tuple[Vocabulary, str]) -> None:
    vocabulary, text = pair
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == text
    assert vocabulary.decode([0, *ids, 0]) == text, "padding is left out"
    assert ids.dtype == np.uint16


@given(TEXTS)
def test_indices_follow_the_given_order_from_1(text: str) -> None:
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
def test_rows_are_padded_at_the_end(rows: list[str]) -> None:
    vocabulary = Vocabulary(sorted(set("".join(rows))))
    ids, lengths = vocabulary.encode_rows(rows)
    assert ids.shape == (len(rows), max(map(len, rows), default=0))
    assert lengths.tolist() == [len(row) for row in rows]
    for row, own, length in zip(rows, ids, lengths, strict=True):
        assert vocabulary.decode(own) == row
        assert own[:length].all()
        assert not own[length:].any()


@pytest.mark.parametrize("characters", ["aba", "a\0", "\0"])
def test_characters_must_differ_from_each_other_and_from_padding(characters: str) -> None:
    with pytest.raises(ValueError, match="must be distinct"):
        Vocabulary(characters)


def test_more_characters_than_16_bits_can_number_are_refused() -> None:
    with pytest.raises(PipelineError, match="65,535"):
        Vocabulary(map(chr, range(0x10000, 0x20000)))
