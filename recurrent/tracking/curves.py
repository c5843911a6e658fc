"""What a training tells MLflow, by name: a curve a seed, their mean, dotted parameters."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recurrent.tracking.history import Row


def gradient_points(seed: int, rows: Iterable[Row]) -> Iterator[tuple[str, float, int]]:
    """What the recorded steps add to MLflow: a curve a parameter, by steps."""
    for row in rows:
        for name, value in row.items():
            if name not in ("epoch", "step"):
                yield f"seed_{seed}/gradient_norm/{name}", value, int(row["step"])


class Curves:
    """What an epoch adds to MLflow: the seed's own curves, and the mean once all are there."""

    def __init__(self, seeds: tuple[int, ...]) -> None:
        self.seeds = seeds
        self._rows: dict[int, dict[int, Row]] = {}

    def points(self, seed: int, row: Row) -> list[tuple[str, float, int]]:
        step = int(row["epoch"])
        values = {name: value for name, value in row.items() if name != "epoch"}
        points = [(f"seed_{seed}/{name}", value, step) for name, value in values.items()]
        at_step = self._rows.setdefault(step, {})
        at_step[seed] = row
        if len(at_step) == len(self.seeds):
            shared = set.intersection(*(set(other) for other in at_step.values()))
            for name in (name for name in values if name in shared):
                mean = sum(other[name] for other in at_step.values()) / len(at_step)
                points.append((f"mean/{name}", mean, step))
        return points


def flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested parameters with dotted names."""
    pairs: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            pairs += flat(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", value))
    return pairs
