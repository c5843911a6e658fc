"""Labelled names as arrays: what encode writes, and training and evaluation read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from recurrent.data.about import read_about
from recurrent.data.splits import Indices
from recurrent.data.vocabulary import Vocabulary

KIND = "labelled names"
CLASSES = ("男", "女")
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class LabelledNames:
    """A dataset in memory. `oracle` is P(男) by the corpus's source, where that is known."""

    vocabulary: Vocabulary
    ids: NDArray[np.uint16]  # (names, longest), 0 is padding at the end
    lengths: NDArray[np.uint8]
    labels: NDArray[np.uint8]  # an index of CLASSES
    splits: dict[str, Indices]
    oracle: NDArray[np.float32] | None
    origin: dict[str, str]
    measured: ClassVar[str] = "test"  # the split that results are measured on

    def save(self, folder: Path) -> None:
        """One .npy an array: they can be mapped into memory, and hold no code."""
        arrays: dict[str, NDArray[Any]] = {
            "ids": self.ids,
            "lengths": self.lengths,
            "labels": self.labels,
            **self.splits,
        }
        if self.oracle is not None:
            arrays["oracle"] = self.oracle
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        text = json.dumps({"kind": KIND, **self.about()}, ensure_ascii=False, indent=1)
        (folder / "dataset.json").write_text(text + "\n", encoding="utf-8")

    def about(self) -> dict[str, Any]:
        """What the arrays do not say: their meaning, and where the names come from."""
        return {
            "origin": self.origin,
            "classes": list(CLASSES),
            "vocabulary": "".join(self.vocabulary.characters[1:]),
        }

    @classmethod
    def load(cls, folder: Path) -> "LabelledNames":
        """Read what `save` wrote."""
        about = read_about(folder, KIND)

        def array(name: str) -> NDArray[Any]:
            loaded: NDArray[Any] = np.load(folder / f"{name}.npy", allow_pickle=False)
            return loaded

        return cls(
            vocabulary=Vocabulary(about["vocabulary"]),
            ids=array("ids"),
            lengths=array("lengths"),
            labels=array("labels"),
            splits={name: array(name) for name in SPLITS},
            oracle=array("oracle") if (folder / "oracle.npy").exists() else None,
            origin=about["origin"],
        )

    def name(self, row: int) -> str:
        """The characters of one name."""
        return self.vocabulary.decode(self.ids[row])

    def floor(self, split: str) -> dict[str, float] | None:
        """What the source itself reaches on a split by Bayes' rule: no model can expect more."""
        if self.oracle is None:
            return None
        rows = self.splits[split]
        male = self.oracle[rows].astype(np.float64)
        right = np.where(self.labels[rows] == 0, male, 1 - male)
        reached = {
            "accuracy": np.mean(right > 0.5),
            "expected_accuracy": np.mean(np.maximum(male, 1 - male)),
            "log_loss": np.mean(-np.log(right)),
        }
        # Rounded: the last bits of a logarithm differ from one kind of processor to another.
        return {name: round(float(value), 6) for name, value in reached.items()}
