"""Encode names that consist of the most frequent characters, split at random."""

from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from recurrent.common import files
from recurrent.common.config import Fraction, Frozen
from recurrent.common.errors import PipelineError
from recurrent.data.names.dataset import CLASSES, LabelledNames, given_names
from recurrent.data.splits import Indices, grouped_split, independent_draws, random_split
from recurrent.data.vocabulary import Vocabulary

CHUNK = 1 << 19  # names in memory as text


class Settings(Frozen):
    """Which names are kept, and the sizes of the splits: counts (int) or shares (below 1)."""

    top_characters: int | None = Field(default=None, ge=1)  # null: all characters
    train: int | None = Field(default=None, ge=1)  # null: all names not in valid or test
    valid: int | Fraction = Field(default=0, ge=0)
    test: int | Fraction = Field(ge=0)
    # disjoint: no name is in two sets | independent: each set is drawn from all names, as in the
    # lecture | by_given_name: all names with the same given name are in the same set
    split: Literal["disjoint", "independent", "by_given_name"] = "disjoint"
    seed: int = Field(ge=0)

    @model_validator(mode="after")
    def _sizes_fit_the_split(self) -> Self:
        counts = all(isinstance(size, int) for size in (self.train, self.valid, self.test))
        if self.split == "independent" and not counts:
            raise ValueError("independent draws need counts: `train`, `valid` and `test`")
        if self.split == "by_given_name" and self.train is not None:
            raise ValueError("a split by given name needs `train: null`")
        return self

    def split_of(self, ids: NDArray[np.uint16]) -> dict[str, Indices]:
        """Return the rows of each set."""
        if self.split == "independent":
            sizes = {"train": self.train, "valid": self.valid, "test": self.test}
            return independent_draws(
                len(ids), {k: int(n or 0) for k, n in sizes.items()}, self.seed
            )
        if self.split == "by_given_name":
            return grouped_split(given_names(ids), self.valid, self.test, self.seed)
        return random_split(len(ids), self.train, self.valid, self.test, self.seed)


def encode(clean: Path, settings: Settings) -> tuple[LabelledNames, dict[str, object]]:
    """Return names as rows of character ids with labels and splits, and a report of sizes."""
    frequencies = pd.read_csv(clean / "frequencies.csv", keep_default_na=False)
    vocabulary = Vocabulary(frequencies["character"][: settings.top_characters])
    tables = pd.read_csv(clean / "names.csv", keep_default_na=False, chunksize=CHUNK)
    parts = [_encode_part(table, vocabulary) for table in tables]
    kept = sum(len(part.labels) for part in parts)
    if not kept:
        raise PipelineError(
            f"no name consists of the {settings.top_characters} most frequent characters.",
            where="params.yaml: datasets",
            remedy="Raise top_characters.",
        )
    longest = max(part.ids.shape[1] for part in parts)
    ids = np.concatenate(
        [np.pad(part.ids, ((0, 0), (0, longest - part.ids.shape[1]))) for part in parts]
    )
    labels = np.concatenate([part.labels for part in parts])
    known = [part.male_probability for part in parts if part.male_probability is not None]
    splits = settings.split_of(ids)
    train_labels = labels[splits["train"]]
    if train_labels.min() == train_labels.max():
        raise PipelineError(
            f"all {len(train_labels):,} training names are labelled {CLASSES[train_labels[0]]}.",
            where="params.yaml: datasets",
            remedy="Raise train or top_characters, or use a larger corpus.",
        )
    encoded = LabelledNames(
        vocabulary=vocabulary,
        ids=ids,
        lengths=np.concatenate([part.lengths for part in parts]),
        labels=labels,
        splits=splits,
        male_probability=np.concatenate(known) if known else None,
        origin=files.read_json(clean / "origin.json"),
    )
    return encoded, {
        "origin": encoded.origin,
        "names": sum(part.names for part in parts),
        "kept": kept,
        "vocabulary": len(vocabulary),
        **{split: len(rows) for split, rows in encoded.splits.items()},
        "test_names_trained_on": len(np.intersect1d(splits["train"], splits["test"])),
        "bayes": encoded.bayes("test"),
    }


class Part(NamedTuple):
    """A chunk of the encoded names."""

    names: int  # before filtering
    ids: NDArray[np.uint16]
    lengths: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    male_probability: NDArray[np.float32] | None


def _encode_part(table: pd.DataFrame, vocabulary: Vocabulary) -> Part:
    """Encode the names that the vocabulary can spell."""
    kept = table[table["name"].str.fullmatch(f"[{''.join(vocabulary.characters[1:])}]+")]
    ids, lengths = vocabulary.encode_rows(kept["name"].tolist())
    labels = (kept["label"] == CLASSES[1]).to_numpy().astype(np.uint8)
    male = kept.get("male_probability")
    return Part(
        len(table), ids, lengths, labels, None if male is None else male.to_numpy(np.float32)
    )
