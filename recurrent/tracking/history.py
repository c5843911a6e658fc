"""Write and read the tables of training: losses, gradient norms, findings."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from recurrent.common import files

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, float]


@dataclass(frozen=True)
class Format:
    """The columns of a table that has no rows, and the format of a table's numbers."""

    columns: tuple[str, ...]
    number: str


HISTORY = Format(("epoch", "train_loss"), ".6f")
GRADIENTS = Format(("epoch", "step", "total"), ".4g")


@dataclass(frozen=True)
class Finding:
    """A problem with a run's gradients or losses: where it was first seen, and how often."""

    kind: Literal["exploding", "vanishing", "nan"]
    epoch: int
    step: int  # since the run started, from 1
    parameter: str  # or the loss or score that is NaN
    norm: float | None  # of that parameter's gradient; None if it is NaN or infinite
    times: int = 1  # steps at which the gradient exploded, or epochs in which it vanished

    def __str__(self) -> str:
        place = f"at step {self.step:,} (epoch {self.epoch:,})"
        if self.kind == "nan":
            return f"{self.parameter} is NaN or infinite {place}"
        verb, unit = ("explodes", "step") if self.kind == "exploding" else ("vanishes", "epoch")
        count = f"{self.times:,} {unit}{'s' * (self.times != 1)}"
        norm = "NaN" if self.norm is None else f"{self.norm:.3g}"
        return f"the gradient of {self.parameter} {verb} {place}: norm {norm}; {count} in all"


class Table:
    """The csv table of one run while it trains. Each row is on disk as soon as it is appended."""

    def __init__(self, path: Path, form: Format) -> None:
        self.form = form
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._columns: list[str] = []  # those of the first row

    def append(self, row: Row) -> None:
        """Write one row to disk."""
        writer = csv.writer(self._file, lineterminator="\n")
        if not self._columns:
            self._columns = list(row)
            writer.writerow(self._columns)
        writer.writerow(_cell(row[column], self.form) for column in self._columns)
        self._file.flush()

    def close(self) -> None:
        """Close the file; a table without rows gets its header."""
        if not self._columns:
            self._file.write(",".join(self.form.columns) + "\n")
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_table(path: Path) -> list[Row]:
    """Return the rows of one run's table. Whole numbers are ints; empty cells are left out."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: _number(cell) for name, cell in row.items() if cell}
            for row in csv.DictReader(file)
        ]


def write_history(path: Path, runs: Iterable[tuple[str, int, Sequence[Row]]]) -> None:
    """Write the losses and scores of an experiment: variant, seed and rows of each run."""
    rows = [((variant, seed), row) for variant, seed, of in runs for row in of]
    _write(path, ("variant", "seed"), rows, HISTORY)


def write_gradients(path: Path, runs: Iterable[tuple[int, Sequence[Row]]]) -> None:
    """Write the gradient norms of a variant: seed and rows of each run."""
    _write(path, ("seed",), [((seed,), row) for seed, of in runs for row in of], GRADIENTS)


def read_history(path: Path) -> "pd.DataFrame":
    """Return an experiment's losses and scores by variant, seed and epoch."""
    import pandas as pd

    # pandas would take some names of variants for missing values.
    return pd.read_csv(path, dtype={"variant": str}, keep_default_na=False, na_values=[""])


def read_gradients(path: Path) -> "pd.DataFrame":
    """Return a variant's gradient norms by seed, epoch and step: total, and each parameter."""
    import pandas as pd

    return pd.read_csv(path)


def write_findings(path: Path, findings: Mapping[int, Sequence[Finding]]) -> None:
    """Write the findings of a variant's runs, by seed."""
    found = [{"seed": seed, **asdict(one)} for seed, of in findings.items() for one in of]
    files.write_json(path, found)


def read_findings(path: Path) -> list[tuple[int, Finding]]:
    """Return the findings of a variant's runs, each with its seed."""
    return [(one.pop("seed"), Finding(**one)) for one in files.read_json(path)]


def health(findings: Sequence[tuple[int, Finding]]) -> str:
    """Return all findings in one line, or "healthy"."""
    return "; ".join(f"seed {seed}: {finding}" for seed, finding in findings) or "healthy"


Keyed = tuple[tuple[str | int, ...], Row]


def _write(path: Path, keys: Sequence[str], rows: Sequence[Keyed], form: Format) -> None:
    """Write rows that may lack columns; the longest row decides the order of columns."""
    heads = sorted({tuple(row): None for _, row in rows}, key=len, reverse=True)
    columns = [*dict.fromkeys(name for head in heads for name in head)] or form.columns
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*keys, *columns])
    for key, row in rows:
        cells = (_cell(row[name], form) if name in row else "" for name in columns)
        writer.writerow([*key, *cells])
    files.write_text(path, text.getvalue())


def _cell(value: float, form: Format) -> str:
    """Format a number as a cell: counts as they are, very small numbers with four digits."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.4g}" if 0 < abs(value) < 0.001 else f"{value:{form.number}}"


def _number(cell: str) -> float:
    return int(cell) if cell.isdecimal() else float(cell)
