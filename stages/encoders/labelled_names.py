"""Names with labels: kept if written wholly in the most frequent characters, split at random."""

from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import Field

from stages.common import files
from stages.common.checking import Fraction, Frozen
from stages.common.errors import PipelineError
from stages.datasets.labelled import CLASSES, LabelledNames
from stages.datasets.splits import random_split
from stages.datasets.vocabulary import Vocabulary


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
    table = pd.read_csv(clean / "names.csv", keep_default_na=False)
    written = table["name"].str.fullmatch(f"[{''.join(vocabulary.characters[1:])}]+")
    kept = table[written]
    if kept.empty:
        raise PipelineError(
            f"no name is written wholly in the {settings.top_characters} most frequent characters.",
            where="params.yaml: datasets",
            remedy="Raise top_characters.",
        )
    ids, lengths = vocabulary.encode_rows(kept["name"].tolist())
    oracle = kept.get("male_probability")
    labels = (kept["label"] == CLASSES[1]).to_numpy().astype(np.uint8)
    splits = random_split(len(kept), settings.train, settings.valid, settings.test, settings.seed)
    trained_on = labels[splits["train"]]
    if trained_on.min() == trained_on.max():
        raise PipelineError(
            f"the {len(trained_on):,} names for train are all {CLASSES[trained_on[0]]}.",
            where="params.yaml: datasets",
            remedy="Raise train or top_characters, or use a larger corpus.",
        )
    encoded = LabelledNames(
        vocabulary=vocabulary,
        ids=ids,
        lengths=lengths,
        labels=labels,
        splits=splits,
        oracle=None if oracle is None else oracle.to_numpy(np.float32),
        origin=files.read_json(clean / "origin.json"),
    )
    return encoded, {
        "origin": encoded.origin,
        "names": len(table),
        "kept": len(kept),
        "vocabulary": len(vocabulary),
        **{split: len(rows) for split, rows in encoded.splits.items()},
        "floor": encoded.floor("test"),
    }
