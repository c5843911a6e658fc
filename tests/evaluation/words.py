"""A small Chinese text in words and in characters, and words of letters, for tests."""

from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from recurrent.data.words import encode as running_words
from recurrent.data.words.encode import FIRST, LAST, RunningWords
from tests.data.texts import cleaned

PIECES = ["我们", "北京大学", "中国", "的", "，", "！\n"]
FIFTHS: dict[str, Any] = {"steps": 3, "order": "consecutive", "valid": 0.2, "test": 0.2}


def numbered(*words: str) -> dict[str, str]:
    """A symbol for each word."""
    return {chr(FIRST + number): word for number, word in enumerate(words)}


WORDS = numbered("ab", "abc", "dcba", "of no text")


def chinese(pieces: int = 160) -> str:
    """A text of words of one character to four, in no order."""
    return "".join(np.random.default_rng(0).choice(PIECES, size=pieces))


def in_words(
    folder: Path, text: str, nats: list[float] | None = None, **changes: Any
) -> RunningWords:
    """A text by the encoder of words, with a fifth to choose by and one to measure."""
    settings = running_words.Settings.model_validate({"least": 2, **FIFTHS, **changes})
    return running_words.encode(cleaned(folder, text, nats), settings)[0]


def has_symbols(text: str) -> bool:
    """Whether a code point is there that stands for a word."""
    return any(FIRST <= ord(character) <= LAST for character in text)


def pieces(line: str, words: Mapping[str, str]) -> list[tuple[int, str]]:
    """Where in the text each symbol begins, and what it stands for."""
    stands_for = [words.get(symbol, symbol) for symbol in line]
    begins = accumulate(map(len, stands_for), initial=0)
    return [*zip(begins, stands_for, strict=False)]
