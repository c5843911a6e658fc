"""Texts of words as texts of characters: what recurrent/data/words/encode.py wrote, spelt out.

There a word is one symbol. Here each symbol counts as the characters that it stands for, so that
models of words and of characters are measured in the same unit, on the same places of the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recurrent import files
from recurrent.data.text.dataset import RunningText
from recurrent.data.vocabulary import Vocabulary
from recurrent.errors import PipelineError

PRIVATE = ("\U000f0000", "\U000ffffd")  # where symbols of words lie
Words = Mapping[str, str]  # by symbol
Logs = Sequence[NDArray[np.float64]]  # ln of what was right at each place


def words_of(dataset: Path) -> Words:
    """The words of a dataset; none where it is one of characters."""
    if not dataset.exists():
        raise PipelineError(
            "this dataset is not encoded yet.", where=str(dataset), remedy="Run dvc repro."
        )
    path = dataset / "words.json"
    return dict(files.read_json(path)) if path.exists() else {}


def words_for(vocabulary: Sequence[str], dataset: Path) -> Words:
    """The words of a trained model's symbols; none where it reads characters."""
    if not any(PRIVATE[0] <= symbol <= PRIVATE[1] for symbol in vocabulary):
        return {}
    encoded = files.read_json(dataset / "dataset.json") if dataset.exists() else {}
    if encoded.get("vocabulary") != [*vocabulary]:
        raise PipelineError(
            "the model was trained on words that this dataset no longer has.",
            where=str(dataset),
            remedy="Run dvc repro.",
        )
    return words_of(dataset)


def to_text(symbols: str, words: Words) -> str:
    """The text that some symbols stand for."""
    return symbols.translate({ord(symbol): word for symbol, word in words.items()})


def to_symbols(text: str, words: Words) -> str:
    """A text in symbols: at each place the longest word that has one, or else the character."""
    symbol = {word: symbol for symbol, word in words.items()}
    longest = max(map(len, symbol), default=1)
    found, place = [], 0
    while place < len(text):
        lengths = range(min(longest, len(text) - place), 1, -1)
        pieces = (text[place : place + length] for length in lengths)
        piece = next((piece for piece in pieces if piece in symbol), text[place])
        found.append(symbol.get(piece, piece))
        place += len(piece)
    return "".join(found)


def in_characters(
    data: RunningText, records: NDArray[np.int32], logs: Logs, words: Words
) -> tuple[RunningText, NDArray[np.int32], Logs]:
    """The same text, places and answers by character: a symbol's cost is shared by its own."""
    if not words:
        return data, records, logs
    pieces = [words.get(symbol, symbol) for symbol in data.vocabulary.characters]
    lengths = np.array([len(piece) for piece in pieces])[data.ids]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    text = "".join(pieces[i] for i in data.ids)
    vocabulary = Vocabulary(sorted(set(text)))
    spelt = replace(
        data,
        vocabulary=vocabulary,
        ids=vocabulary.encode(text),
        begins={name: ends[rows].astype(np.int32) for name, rows in data.begins.items()},
        stretches=data.stretches
        and {name: (int(ends[a]), int(ends[b])) for name, (a, b) in data.stretches.items()},
        nats=None if data.nats is None else np.repeat(data.nats / lengths, lengths),
    )
    sizes = lengths[records]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.repeat(ends[records], sizes) + within
    return spelt, places.astype(np.int32), [np.repeat(found / sizes, sizes) for found in logs]
