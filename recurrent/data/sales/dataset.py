"""A table of categories as arrays, with a measured value for each row.

Every level of every column is a symbol of one vocabulary (`state=AR`). A row is a sequence of
symbols, one for each column.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from recurrent.data import base
from recurrent.data.splits import SPLITS, Indices
from recurrent.data.vocabulary import Vocabulary

KIND = "sales"


@dataclass(frozen=True)
class Table:
    """Rows of categories, their values and their splits."""

    columns: dict[str, list[str]]  # the levels of each column, in the order of their symbols
    ids: NDArray[np.uint16]  # (rows, columns)
    values: NDArray[np.float64]  # to predict; above 0
    splits: dict[str, Indices]
    bayes_values: NDArray[np.float64] | None  # the best predictions, if known
    vectors: NDArray[np.float32] | None  # (rows, width), learned by a network, instead of ids
    places: dict[str, dict[str, list[float]]]  # the coordinates of a column's levels
    origin: dict[str, str]
    measured: ClassVar[str] = "test"  # the split that results are measured on

    def save(self, folder: Path) -> None:
        """Write the arrays and dataset.json."""
        about = {"columns": self.columns, "places": self.places, **self.about()}
        arrays: dict[str, NDArray[Any] | None] = {
            "ids": self.ids,
            "values": self.values,
            "bayes": self.bayes_values,
            "vectors": self.vectors,
            **self.splits,
        }
        base.write(folder, KIND, about, arrays)

    def about(self) -> dict[str, Any]:
        """Return what a trained model must know about the table."""
        return {
            "origin": self.origin,
            "vocabulary": symbols(self.columns),
            "scale": float(np.log(self.values[self.splits["train"]]).max()),
        }

    @classmethod
    def load(cls, folder: Path) -> "Table":
        """Read what `save` wrote."""
        about = base.read_about(folder, KIND)
        return cls(
            columns=about["columns"],
            ids=base.read_array(folder, "ids"),
            values=base.read_array(folder, "values"),
            splits={name: base.read_array(folder, name) for name in SPLITS},
            bayes_values=base.read_optional(folder, "bayes"),
            vectors=base.read_optional(folder, "vectors"),
            places=about["places"],
            origin=about["origin"],
        )

    def bayes(self, split: str) -> dict[str, float] | None:
        """Return the error of the Bayes-optimal predictions, if the source is known."""
        if self.bayes_values is None:
            return None
        rows = self.splits[split]
        shares = np.abs(self.bayes_values[rows] - self.values[rows]) / self.values[rows]
        return {"mape": round(float(shares.mean()), 6)}


def symbols(columns: dict[str, list[str]]) -> list[str]:
    """Return the vocabulary of a table, in order."""
    return [f"{column}={level}" for column, levels in columns.items() for level in levels]


def as_symbols(columns: dict[str, list[str]], codes: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Return the codes of each column, counted from 0, as vocabulary indices: (rows, columns)."""
    size = len(Vocabulary(symbols(columns)))  # refuses more symbols than 16 bits can index
    firsts = np.cumsum([1, *(len(levels) for levels in columns.values())])
    found: NDArray[np.uint16] = (codes + firsts[:-1]).astype(np.uint16)
    assert found.max(initial=0) < size
    return found
