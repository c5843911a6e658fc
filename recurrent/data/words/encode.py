"""Encode a running text as words, cut by jieba: a text over a larger alphabet.

A frequent word of several characters becomes one symbol, a code point of Unicode's private use
area. Every other word is spelled in characters, which are symbols too. So code that reads
characters can read words, and a word-level model predicts the same text: its loss per character can
be compared with that of a character-level model. (Punctuation such as "..." is a word to jieba,
too.)
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from recurrent.common import files
from recurrent.common.config import Count, Fraction, Frozen
from recurrent.common.errors import PipelineError
from recurrent.data.text import windows
from recurrent.data.text.dataset import Order, RunningText
from recurrent.data.vocabulary import Vocabulary
from recurrent.data.words.spelling import FIRST, LAST

LARGEST = (1 << 16) - 1  # symbols besides padding
DICTIONARY = "7197c3211ddd98962b036cdf40324d1ea2bfaa12bd028e68faa70111a88e12a8"  # jieba 0.42.1's


class Settings(Frozen):
    """How words are read, and which part of the text is held out."""

    min_count: int = Field(ge=1)  # occurrences in the training text for a word to become a symbol
    window: Count  # symbols
    order: Order
    valid: Fraction = 0.0
    test: Fraction = 0.0


@dataclass(frozen=True)
class RunningWords:
    """A text of symbols, and the word behind each symbol of the private use area."""

    text: RunningText
    words: dict[str, str]

    def save(self, folder: Path) -> None:
        """Write the text like any other, and words.json next to it."""
        self.text.save(folder)
        files.write_json(folder / "words.json", self.words)


def encode(clean: Path, settings: Settings) -> tuple[RunningWords, dict[str, object]]:
    """Return the text as symbols, and a report of sizes.

    The splits are those of the same text in characters. Each split is cut into words on its own.
    """
    text = (clean / "text.txt").read_bytes().decode("utf-8")
    _refuse_private_use(text)
    stretches = windows.split(len(text), settings.valid, settings.test)
    cut = {name: cut_words(text[first:stop]) for name, (first, stop) in stretches.items()}
    if "".join(piece for pieces in cut.values() for piece in pieces) != text:
        raise _wrong_jieba("the words that jieba cuts do not join to the original text.")
    words = frequent(cut["train"], settings.min_count)
    if len(set(text)) + len(words) > LARGEST:
        raise PipelineError(
            f"{len(words):,} words and {len(set(text)):,} characters do not fit into 16 bits.",
            where="params.yaml: datasets",
            remedy="Raise `min_count`.",
        )
    symbols = {name: [*to_symbols(pieces, words)] for name, pieces in cut.items()}
    stops = np.cumsum([len(symbols[name]) for name in stretches])
    in_symbols = {
        name: (int(stop) - len(symbols[name]), int(stop))
        for name, stop in zip(stretches, stops, strict=True)
    }
    line = "".join(symbol for name in stretches for symbol in symbols[name])
    vocabulary = Vocabulary([*sorted(set(text)), *words.values()])
    meanings = {symbol: word for word, symbol in words.items()}
    starts = {
        name: windows.starts(stretch, settings.window, settings.window)
        for name, stretch in in_symbols.items()
    }
    windows.refuse_empty(starts, settings.window, settings.valid, settings.test)
    encoded = RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(line),
        window=settings.window,
        targets="every",
        order=settings.order,
        starts=starts,
        stretches=in_symbols,
        nats=_nats(clean / "nats.npy", [len(meanings.get(symbol, symbol)) for symbol in line]),
        origin=files.read_json(clean / "origin.json"),
    )
    return RunningWords(encoded, meanings), {
        "origin": encoded.origin,
        "characters": len(text),
        "symbols": len(line),
        "words": len(words),
        "vocabulary": len(vocabulary),
        **{name: len(rows) for name, rows in starts.items()},
    }


def cut_words(text: str) -> list[str]:
    """Return the words of a text; joined, they give the text again."""
    return [*_tokenizer().cut(text)]


@cache
def _tokenizer() -> jieba.Tokenizer:
    """Return jieba with its own dictionary, without its shared cache file and its messages."""
    tokenizer = jieba.Tokenizer()
    with tokenizer.get_dict_file() as file:
        content = file.read()
        if hashlib.sha256(content).hexdigest() != DICTIONARY:
            raise _wrong_jieba("jieba's dictionary differs from that of the published results.")
        file.seek(0)
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
    tokenizer.initialized = True
    return tokenizer


def frequent(pieces: Iterable[str], min_count: int) -> dict[str, str]:
    """Return a symbol for each word of several characters that occurs often enough."""
    counts = Counter(piece for piece in pieces if len(piece) > 1)
    words = sorted(word for word, count in counts.items() if count >= min_count)
    return {word: chr(FIRST + number) for number, word in enumerate(words)}


def to_symbols(pieces: Iterable[str], words: dict[str, str]) -> Iterator[str]:
    """Yield a word's own symbol, or else its characters."""
    for piece in pieces:
        yield from words.get(piece, piece)


def _nats(path: Path, lengths: list[int]) -> NDArray[np.float32] | None:
    """Return the cost of each symbol, the sum over its characters, if their source is known."""
    if not path.exists():
        return None
    found: NDArray[np.float32] = np.add.reduceat(np.load(path), np.cumsum([0, *lengths[:-1]]))
    return found


def _wrong_jieba(what: str) -> PipelineError:
    return PipelineError(
        what,
        where=f"jieba {jieba.__version__}",
        remedy="Install the pinned versions: pip install -r requirements.txt.",
    )


def _refuse_private_use(text: str) -> None:
    taken = sorted({character for character in text if FIRST <= ord(character) <= LAST})
    if taken:
        raise PipelineError(
            f"the text has {taken[0]!r}, a code point that stands for a word here.",
            where=f"character {text.index(taken[0]) + 1:,} of the text",
            remedy="Remove it from the text.",
        )
