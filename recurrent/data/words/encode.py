"""A running text cut into words by jieba, as a text over a larger alphabet: a symbol a word.

A frequent piece of several characters (a word; "..." or a line end of two is one to jieba as well)
becomes one symbol, a code point of Unicode's private use;
every other word is spelt out by its characters, which are symbols as they are. So all that reads
characters reads words, the symbols of a stretch spell that very stretch, and a model of words
pays for each character of it: nats per character are comparable.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jieba
import numpy as np
from pydantic import Field

from recurrent import files
from recurrent.data.text import windows
from recurrent.data.text.dataset import Order, RunningText
from recurrent.data.vocabulary import Vocabulary
from recurrent.errors import PipelineError
from recurrent.validation import Fraction, Frozen

FIRST, LAST = 0xF0000, 0xFFFFD  # the code points that stand for words
LARGEST = (1 << 16) - 1  # vocabulary, besides padding
DICTIONARY = "7197c3211ddd98962b036cdf40324d1ea2bfaa12bd028e68faa70111a88e12a8"  # jieba 0.42.1's


class Settings(Frozen):
    """How words are read, and which part of the text is held out."""

    least: int = Field(ge=1)  # how often the training text must have a word that gets a symbol
    steps: int = Field(ge=1)  # symbols a window
    order: Order
    valid: Fraction = 0.0
    test: Fraction = 0.0


@dataclass(frozen=True)
class RunningWords:
    """A text of symbols, and the word that each of the new ones stands for."""

    text: RunningText
    words: dict[str, str]

    def save(self, folder: Path) -> None:
        """The text as any other; the words beside it."""
        self.text.save(folder)
        files.write_json(folder / "words.json", self.words)


def encode(clean: Path, settings: Settings) -> tuple[RunningWords, dict[str, object]]:
    """The stretches are those of the same text in characters: each is cut by itself."""
    text = (clean / "text.txt").read_bytes().decode("utf-8")
    _refuse_private_use(text)
    stretches = windows.split(len(text), settings.valid, settings.test)
    cut = {name: cut_words(text[first:end]) for name, (first, end) in stretches.items()}
    _refuse_losses(text, (piece for pieces in cut.values() for piece in pieces))
    words = frequent(cut["train"], settings.least)
    _refuse_too_many(set(text), words)
    symbols = {name: [*to_symbols(pieces, words)] for name, pieces in cut.items()}
    ends = np.cumsum([len(symbols[name]) for name in stretches])
    read = {
        name: (int(end) - len(symbols[name]), int(end))
        for name, end in zip(stretches, ends, strict=True)
    }
    line = "".join(symbol for name in stretches for symbol in symbols[name])
    vocabulary = Vocabulary([*sorted(set(text)), *words.values()])
    meanings = {symbol: word for word, symbol in words.items()}
    begins = {
        name: windows.starts(stretch, settings.steps, settings.steps)
        for name, stretch in read.items()
    }
    _refuse_empty(begins, settings)
    encoded = RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(line),
        steps=settings.steps,
        targets="every",
        order=settings.order,
        begins=begins,
        stretches=read,
        nats=_nats(clean / "nats.npy", [len(meanings.get(symbol, symbol)) for symbol in line]),
        origin=files.read_json(clean / "origin.json"),
    )
    return RunningWords(encoded, meanings), {
        "origin": encoded.origin,
        "characters": len(text),
        "symbols": len(line),
        "words": len(words),
        "vocabulary": len(vocabulary),
        **{name: len(rows) for name, rows in begins.items()},
    }


def cut_words(text: str) -> list[str]:
    """The words of a text; joined, they are the text."""
    return [*_tokenizer().cut(text)]


@cache
def _tokenizer() -> jieba.Tokenizer:
    """jieba with its own dictionary, read here: no cache file in a shared folder, no messages."""
    tokenizer = jieba.Tokenizer()
    with tokenizer.get_dict_file() as file:
        content = file.read()
        if hashlib.sha256(content).hexdigest() != DICTIONARY:
            raise PipelineError(
                "jieba's dictionary is not the one that the results were made with.",
                where=f"jieba {jieba.__version__}",
                remedy="Install what is pinned: pip install -r requirements.txt.",
            )
        file.seek(0)
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
    tokenizer.initialized = True
    return tokenizer


def frequent(pieces: Iterable[str], least: int) -> dict[str, str]:
    """A symbol for each word of several characters that is there often enough."""
    counts = Counter(piece for piece in pieces if len(piece) > 1)
    words = sorted(word for word, count in counts.items() if count >= least)
    return {word: chr(FIRST + number) for number, word in enumerate(words)}


def to_symbols(pieces: Iterable[str], words: dict[str, str]) -> Iterator[str]:
    """Symbols, one by one: a word's own, or else its characters."""
    for piece in pieces:
        yield from words.get(piece, piece)


def _nats(path: Path, lengths: list[int]) -> np.ndarray | None:
    """What each symbol cost the source: what its characters did."""
    if not path.exists():
        return None
    begins = np.cumsum([0, *lengths[:-1]])
    return np.add.reduceat(np.load(path), begins)


def _refuse_losses(text: str, pieces: Iterable[str]) -> None:
    if "".join(pieces) != text:
        raise PipelineError(
            "jieba's words do not join to the text that they were cut from.",
            where=f"jieba {jieba.__version__}",
            remedy="Install what is pinned: pip install -r requirements.txt.",
        )


def _refuse_too_many(characters: set[str], words: dict[str, str]) -> None:
    if len(characters) + len(words) > LARGEST:
        raise PipelineError(
            f"{len(words):,} words and {len(characters):,} characters do not fit in 16 bits.",
            where="params.yaml: datasets",
            remedy="Raise `least`.",
        )


def _refuse_private_use(text: str) -> None:
    taken = sorted({character for character in text if FIRST <= ord(character) <= LAST})
    if taken:
        raise PipelineError(
            f"uses {taken[0]!r}, a code point that stands for a word here.",
            where=f"character {text.index(taken[0]) + 1:,} of the text",
            remedy="Remove it from the text.",
        )


def _refuse_empty(begins: dict[str, windows.Starts], settings: Settings) -> None:
    wanted = {"train": True, "valid": bool(settings.valid), "test": bool(settings.test)}
    for name, rows in begins.items():
        if wanted[name] and not len(rows):
            raise PipelineError(
                f"the text leaves no window of {settings.steps} symbols for {name}.",
                where="params.yaml: datasets",
                remedy="Shorten the windows (steps), or take a longer text.",
            )
