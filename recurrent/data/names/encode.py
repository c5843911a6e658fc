"""Names with labels: kept if written wholly in the most frequent characters, split at random."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from recurrent import files
from recurrent.data.names.dataset import CLASSES, LabelledNames
from recurrent.data.splits import random_split
from recurrent.data.vocabulary import Vocabulary
from recurrent.errors import PipelineError
from recurrent.validation import Fraction, Frozen

AT_ONCE = 1 << 19  # names in memory as text


class Settings(Frozen):
    """Sizes are counts (an integer) or shares (below 1)."""

    top_characters: int | None = Field(default=None, ge=1)  # null: all of them
    train: int | None = Field(default=None, ge=1)  # null: all that valid and test leave
    valid: int | Fraction = Field(default=0, ge=0)
    test: int | Fraction = Field(ge=0)
    seed: int = Field(ge=0)


def encode(clean: Path, settings: Settings) -> tuple[LabelledNames, dict[str, object]]:
    """Names as rows of character ids, with labels, splits and the source's own probabilities."""
    frequencies = pd.read_csv(clean / "frequencies.csv", keep_default_na=False)
    vocabulary = Vocabulary(frequencies["character"][: settings.top_characters])
    tables = pd.read_csv(clean / "names.csv", keep_default_na=False, chunksize=AT_ONCE)
    parts = [_encoded(table, vocabulary) for table in tables]
    kept = sum(len(part.labels) for part in parts)
    if not kept:
        raise PipelineError(
            f"no name is written wholly in the {settings.top_characters} most frequent characters.",
            where="params.yaml: datasets",
            remedy="Raise top_characters.",
        )
    longest = max(part.ids.shape[1] for part in parts)
    ids = [np.pad(part.ids, ((0, 0), (0, longest - part.ids.shape[1]))) for part in parts]
    labels = np.concatenate([part.labels for part in parts])
    oracles = [part.oracle for part in parts if part.oracle is not None]
    splits = random_split(kept, settings.train, settings.valid, settings.test, settings.seed)
    trained_on = labels[splits["train"]]
    if trained_on.min() == trained_on.max():
        raise PipelineError(
            f"the {len(trained_on):,} names for train are all {CLASSES[trained_on[0]]}.",
            where="params.yaml: datasets",
            remedy="Raise train or top_characters, or use a larger corpus.",
        )
    encoded = LabelledNames(
        vocabulary=vocabulary,
        ids=np.concatenate(ids),
        lengths=np.concatenate([part.lengths for part in parts]),
        labels=labels,
        splits=splits,
        oracle=np.concatenate(oracles) if oracles else None,
        origin=files.read_json(clean / "origin.json"),
    )
    return encoded, {
        "origin": encoded.origin,
        "names": sum(part.names for part in parts),
        "kept": kept,
        "vocabulary": len(vocabulary),
        **{split: len(rows) for split, rows in encoded.splits.items()},
        "floor": encoded.floor("test"),
    }


class Part(NamedTuple):
    """Some of the names."""

    names: int  # before any were left out
    ids: NDArray[np.uint16]
    lengths: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    oracle: NDArray[np.float32] | None


def _encoded(table: pd.DataFrame, vocabulary: Vocabulary) -> Part:
    """The names that the vocabulary can write."""
    kept = table[table["name"].str.fullmatch(f"[{''.join(vocabulary.characters[1:])}]+")]
    ids, lengths = vocabulary.encode_rows(kept["name"].tolist())
    labels = (kept["label"] == CLASSES[1]).to_numpy().astype(np.uint8)
    oracle = kept.get("male_probability")
    return Part(
        len(table), ids, lengths, labels, None if oracle is None else oracle.to_numpy(np.float32)
    )
