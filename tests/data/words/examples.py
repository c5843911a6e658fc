"""A small Chinese text in words, and words of letters."""

from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from recurrent.common.config import checked
from recurrent.data.words.encode import RunningWords, Settings, encode
from recurrent.data.words.spelling import FIRST
from tests.data.texts import cleaned

FIFTHS = {"min_count": 2, "window": 3, "order": "sequential", "valid": 0.2, "test": 0.2}
PIECES = ["我们", "北京大学", "中国", "的", "，", "！\n"]


def numbered(*words: str) -> dict[str, str]:
    """Return a symbol for each word."""
    return {chr(FIRST + number): word for number, word in enumerate(words)}


def chinese(pieces: int = 160) -> str:
    """Return a text of random words of one to four characters."""
    return "".join(np.random.default_rng(0).choice(PIECES, size=pieces))


def in_words(
    folder: Path, text: str, nats: list[float] | None = None, **changes: Any
) -> RunningWords:
    """Encode a text in words, with a fifth for validation and for test."""
    settings = checked(Settings, {**FIFTHS, **changes}, "here")
    return encode(cleaned(folder, text, nats), settings)[0]


def pieces(line: str, words: Mapping[str, str]) -> list[tuple[int, str]]:
    """Return where in the text each symbol starts, and what it stands for."""
    stands_for = [words.get(symbol, symbol) for symbol in line]
    starts = accumulate(map(len, stands_for), initial=0)
    return [*zip(starts, stands_for, strict=False)]
