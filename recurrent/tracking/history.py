"""The files that a training writes under metrics/ as it runs, and how they are read."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, float]
EXPLODING, VANISHING, NOT_A_NUMBER, HEALTHY = "exploding", "vanishing", "not a number", "healthy"


@dataclass(frozen=True)
class Fault:
    """What a training found wrong with itself: where it was first seen, and how often."""

    kind: str
    epoch: int
    step: int  # of the training, from 1
    parameter: str
    norm: float | None  # of that parameter's gradient; None: it is no number
    times: int = 1  # the steps of which it exploded, the epochs through which it vanished

    def __str__(self) -> str:
        place = f"at step {self.step} (epoch {self.epoch}) in {self.parameter}"
        if self.norm is None:
            return f"{self.kind} {place}"
        unit = {EXPLODING: "step", VANISHING: "epoch"}[self.kind] + "s" * (self.times != 1)
        return f"gradient {self.kind} {place}, norm {self.norm:.3g}; {self.times} {unit}"


class Table:
    """A csv file that is on disk line by line; every line has the columns of the first."""

    def __init__(self, path: Path, head: Sequence[str], form: str = ".6f") -> None:
        self.head = head  # of a table without a line
        self.form = form  # of every number that is no count
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._columns: list[str] = []

    def append(self, seed: int, row: Row) -> None:
        """Write a line at once."""
        writer = csv.writer(self._file, lineterminator="\n")
        if not self._columns:
            self._columns = list(row)
            writer.writerow(["seed", *self._columns])
        writer.writerow([seed, *(_written(row[column], self.form) for column in self._columns)])
        self._file.flush()

    def close(self) -> None:
        """A table without a line says of what."""
        if not self._columns:
            self._file.write(",".join(self.head) + "\n")
        self._file.close()


def read_table(path: Path) -> list[tuple[int, Row]]:
    """The lines of a training's table: seed, and its values."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (int(line.pop("seed")), {name: float(value) for name, value in line.items()})
            for line in csv.DictReader(file)
        ]


def health(findings: Sequence[Mapping[str, Any]]) -> str:
    """What a training found wrong with itself, in a line."""
    return "; ".join(f"seed {one['seed']}: {one['message']}" for one in findings) or HEALTHY


def _written(value: float, form: str) -> str:
    """Of what is smaller than its form shows, four digits."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.4g}" if 0 < abs(value) < 0.001 else f"{value:{form}}"
