"""What a line of the replication table has: evaluate writes them, and report reads them."""

from typing import NamedTuple

Value = float | str | None  # a text: what a model wrote


class Line(NamedTuple):
    """One line of metrics/replication.csv; None is an empty field."""

    row: str
    experiment: str
    source: str
    protocol: str
    metric: str
    printed: Value
    ours: Value
    spread: float | None
    seeds: int | None
    floor: float | None
    verdict: str
