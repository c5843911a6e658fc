"""Labelled names as arrays."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from recurrent.data import base
from recurrent.data.splits import SPLITS, Indices
from recurrent.data.vocabulary import Vocabulary

KIND = "names"
CLASSES = ("男", "女")


@dataclass(frozen=True)
class LabelledNames:
    """Names, their labels and their splits."""

    vocabulary: Vocabulary
    ids: NDArray[np.uint16]  # (names, longest), padded with 0 at the end
    lengths: NDArray[np.uint8]
    labels: NDArray[np.uint8]  # index into CLASSES
    splits: dict[str, Indices]
    male_probability: NDArray[np.float32] | None  # P(男 | name), if known
    origin: dict[str, str]
    measured: ClassVar[str] = "test"  # the split that results are measured on

    def save(self, folder: Path) -> None:
        """Write the arrays and dataset.json."""
        arrays: dict[str, NDArray[Any] | None] = {
            "ids": self.ids,
            "lengths": self.lengths,
            "labels": self.labels,
            "bayes": self.male_probability,
            **self.splits,
        }
        base.write(folder, KIND, self.about(), arrays)

    def about(self) -> dict[str, Any]:
        """Return what the arrays mean and where the names come from."""
        return {
            "origin": self.origin,
            "classes": list(CLASSES),
            "vocabulary": "".join(self.vocabulary.characters[1:]),
        }

    @classmethod
    def load(cls, folder: Path) -> "LabelledNames":
        """Read what `save` wrote."""
        about = base.read_about(folder, KIND)
        return cls(
            vocabulary=Vocabulary(about["vocabulary"]),
            ids=base.read_array(folder, "ids"),
            lengths=base.read_array(folder, "lengths"),
            labels=base.read_array(folder, "labels"),
            splits={name: base.read_array(folder, name) for name in SPLITS},
            male_probability=base.read_optional(folder, "bayes"),
            origin=about["origin"],
        )

    def name(self, row: int) -> str:
        """Return the characters of one name."""
        return self.vocabulary.decode(self.ids[row])

    def given(self, rows: Indices) -> NDArray[np.bytes_]:
        """Return a key for the given name of each row."""
        return given_names(self.ids[rows])

    def bayes(self, split: str) -> dict[str, float] | None:
        """Return what Bayes' rule reaches on a split, if the source of the names is known."""
        if self.male_probability is None:
            return None
        rows = self.splits[split]
        male = self.male_probability[rows].astype(np.float64)
        right = np.where(self.labels[rows] == 0, male, 1 - male)
        scores = {
            "accuracy": np.mean(right > 0.5),
            "expected_accuracy": np.mean(np.maximum(male, 1 - male)),
            "log_loss": np.mean(-np.log(right)),
        }
        # Rounded, because the last bits of a logarithm depend on the processor.
        return {name: round(float(value), 6) for name, value in scores.items()}


def given_names(ids: NDArray[np.uint16]) -> NDArray[np.bytes_]:
    """Return a key for each given name: all characters after the first, which is the surname."""
    given = np.ascontiguousarray(ids[:, 1:])
    return given.view(f"S{given.dtype.itemsize * given.shape[1]}")[:, 0]
