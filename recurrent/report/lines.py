"""The lines of a replication table read again, and figures as people write them."""

import csv
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import Any

from recurrent import files
from recurrent.evaluation.line import Line, Value

LECTURE = "lecture"  # the protocol of a figure that a lecture prints
OWN = "held-out,"  # how the protocols of our own comparisons begin
BUNDLED = "bundled"
NO_CORPUS = "no corpus"  # a computation, the same whatever the corpora

HUGE = 1e9  # beyond, digits say nothing: the perplexity of a network that exploded


def read(path: Path) -> list[Line]:
    """Every line of the table."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_line(fields) for fields in csv.DictReader(file)]


def _line(fields: dict[str, str]) -> Line:
    seeds = amount(fields["seeds"])
    return Line(
        row=fields["row"],
        experiment=fields["experiment"],
        source=fields["source"],
        protocol=fields["protocol"],
        metric=fields["metric"],
        printed=_value(fields["printed"]),
        ours=_value(fields["ours"]),
        spread=amount(fields["spread"]),
        seeds=None if seeds is None else int(seeds),
        floor=amount(fields["floor"]),
        verdict=fields["verdict"],
    )


def amount(text: str) -> float | None:
    """A number, or None for an empty field and for what is none."""
    try:
        return float(text)
    except ValueError:
        return None


def _value(text: str) -> Value:
    number = amount(text)
    return (text or None) if number is None else number


def number(value: float | None, like: float | None = None) -> str:
    """As many decimals as mean something; of a spread, as many as its figure (`like`) has."""
    if value is None:
        return ""
    if not isfinite(value):
        return "–"
    if abs(value) >= HUGE:
        return f"{value:.3g}"
    size = abs(value if like is None else like)
    if like is None and value == int(value) and size > 1:
        return f"{value:,.0f}"
    decimals = 1 if size >= 100 else 2 if size >= 10 else 4
    return f"{value:,.{decimals}f}".replace("-", "−")


def plain(text: str) -> str:
    """A text in one line: where a line of it ends is shown by a sign."""
    return text.replace("\r", "").replace("\n", "↵")


def read_json(path: Path) -> Any:
    """The value in a file, or None where there is no such file."""
    return files.read_json(path) if path.is_file() else None


def read_table(path: Path) -> list[dict[str, str]]:
    """The records of a CSV file; none where there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(records: Iterable[dict[str, str]], name: str) -> list[float]:
    """The numbers of a column; NaN for what is none."""
    return [_number(record.get(name, "")) for record in records]


def _number(text: str) -> float:
    found = amount(text)
    return float("nan") if found is None else found


def grouped(
    records: Iterable[dict[str, str]], key: str, order: Iterable[str] = ()
) -> dict[str, list[dict[str, str]]]:
    """Records by what they have under `key`: first in the order given, then as they come."""
    found: dict[str, list[dict[str, str]]] = {}
    for record in records:
        found.setdefault(record[key], []).append(record)
    return {name: found[name] for name in dict.fromkeys([*order, *found]) if name in found}
