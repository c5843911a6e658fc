"""A table of categories and what each row measured: what encode writes and regression reads.

Every level of every column is a symbol of one vocabulary (`state=AR`), and a row is a text of as
many symbols as there are columns: the first column's, then the second's.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from recurrent.data.about import read_about
from recurrent.data.splits import Indices
from recurrent.data.vocabulary import Vocabulary

KIND = "table"
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Table:
    """A dataset in memory."""

    columns: dict[str, list[str]]  # a column's levels, in the order of their symbols
    ids: NDArray[np.uint16]  # (rows, columns)
    values: NDArray[np.float64]  # what was measured: above 0
    splits: dict[str, Indices]
    best: NDArray[np.float64] | None  # the answer of smallest expected error, of a known source
    vectors: NDArray[np.float32] | None  # (rows, width) in place of the symbols: a network's
    places: dict[str, dict[str, list[float]]]  # of a column, where its levels lie on a map
    origin: dict[str, str]
    measured: ClassVar[str] = "test"  # the split that results are measured on

    def save(self, folder: Path) -> None:
        """One .npy an array: they can be mapped into memory, and hold no code."""
        arrays: dict[str, NDArray[Any] | None] = {
            "ids": self.ids,
            "values": self.values,
            "best": self.best,
            "vectors": self.vectors,
            **self.splits,
        }
        for name, array in arrays.items():
            if array is not None:
                np.save(folder / f"{name}.npy", array, allow_pickle=False)
        about = {"kind": KIND, "columns": self.columns, "places": self.places, **self.about()}
        text = json.dumps(about, ensure_ascii=False)
        (folder / "dataset.json").write_text(text + "\n", encoding="utf-8")

    def about(self) -> dict[str, Any]:
        """What the arrays do not say, and a trained model must know."""
        return {
            "origin": self.origin,
            "vocabulary": symbols(self.columns),
            "scale": float(np.log(self.values[self.splits["train"]]).max()),
        }

    @classmethod
    def load(cls, folder: Path) -> "Table":
        """Read what `save` wrote."""
        about = read_about(folder, KIND)

        def array(name: str) -> NDArray[Any]:
            loaded: NDArray[Any] = np.load(folder / f"{name}.npy", allow_pickle=False)
            return loaded

        def optional(name: str) -> NDArray[Any] | None:
            return array(name) if (folder / f"{name}.npy").exists() else None

        return cls(
            columns=about["columns"],
            ids=array("ids"),
            values=array("values"),
            splits={name: array(name) for name in SPLITS},
            best=optional("best"),
            vectors=optional("vectors"),
            places=about["places"],
            origin=about["origin"],
        )

    def floor(self, split: str) -> dict[str, float] | None:
        """The error of the best answers that the source itself allows."""
        if self.best is None:
            return None
        rows = self.splits[split]
        shares = np.abs(self.best[rows] - self.values[rows]) / self.values[rows]
        return {"mape": round(float(shares.mean()), 6)}


def symbols(columns: dict[str, list[str]]) -> list[str]:
    """The vocabulary of a table, in order."""
    return [f"{column}={level}" for column, levels in columns.items() for level in levels]


def as_symbols(columns: dict[str, list[str]], codes: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Codes of each column from 0 as indices of the vocabulary: (rows, columns)."""
    size = len(Vocabulary(symbols(columns)))  # refuses more than 16 bits can number
    starts = np.cumsum([1, *(len(levels) for levels in columns.values())])
    found: NDArray[np.uint16] = (codes + starts[:-1]).astype(np.uint16)
    assert found.max(initial=0) < size
    return found
