"""Spell a text of words in characters, so that all language models are measured in one unit.

In a dataset of words, one symbol may stand for several characters (see `encode.py`). Here each
symbol is replaced by its characters, at the same positions of the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recurrent.common import files
from recurrent.common.errors import PipelineError
from recurrent.data.text.dataset import RunningText
from recurrent.data.vocabulary import Vocabulary

FIRST, LAST = 0xF0000, 0xFFFFD  # code points that stand for words
Words = Mapping[str, str]  # word by symbol
LogProbs = Sequence[NDArray[np.float64]]  # of the true symbol at each position, for each model


def words_of(dataset: Path) -> Words:
    """Return the words of a dataset; an empty map for a dataset of characters."""
    if not dataset.exists():
        raise PipelineError(
            "this dataset is not encoded yet.", where=str(dataset), remedy="Run dvc repro."
        )
    path = dataset / "words.json"
    return dict(files.read_json(path)) if path.exists() else {}


def words_for(vocabulary: Sequence[str], dataset: Path) -> Words:
    """Return the words behind a trained model's symbols; an empty map if it reads characters."""
    if not any(FIRST <= ord(symbol) <= LAST for symbol in vocabulary):
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
    """Return the text that the symbols stand for."""
    return symbols.translate({ord(symbol): word for symbol, word in words.items()})


def to_symbols(text: str, words: Words) -> str:
    """Return a text in symbols: at each place the longest word, or else the character."""
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
    data: RunningText, records: NDArray[np.int32], log_probs: LogProbs, words: Words
) -> tuple[RunningText, NDArray[np.int32], LogProbs]:
    """Return the text, the positions and the log-probabilities by character.

    The log-probability of a symbol is divided equally among its characters, and so is its cost to
    the source.
    """
    if not words:
        return data, records, log_probs
    pieces = [words.get(symbol, symbol) for symbol in data.vocabulary.characters]
    lengths = np.array([len(piece) for piece in pieces])[data.ids]
    place = np.concatenate([[0], np.cumsum(lengths)])  # of each symbol, in characters
    text = "".join(pieces[i] for i in data.ids)
    vocabulary = Vocabulary(sorted(set(text)))
    spelled = replace(
        data,
        vocabulary=vocabulary,
        ids=vocabulary.encode(text),
        starts={name: place[rows].astype(np.int32) for name, rows in data.starts.items()},
        stretches=data.stretches
        and {name: (int(place[a]), int(place[b])) for name, (a, b) in data.stretches.items()},
        nats=None if data.nats is None else np.repeat(data.nats / lengths, lengths),
    )
    sizes = lengths[records]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = (np.repeat(place[records], sizes) + within).astype(np.int32)
    return spelled, places, [np.repeat(found / sizes, sizes) for found in log_probs]
