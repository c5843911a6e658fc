"""Several seeds as one line: the mean, and the sample standard deviation as the spread."""

import math
from collections.abc import Mapping
from statistics import mean, stdev
from typing import Any

DECIMALS = 6  # beyond them, figures differ between processors and mean nothing


def over_seeds(by_seed: Mapping[int, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """`mean` and `spread` of every figure; a single seed has no spread."""
    measured = [*by_seed.values()]
    values = {name: [figures[name] for figures in measured] for name in measured[0]}
    summary = {"mean": {name: mean(found) for name, found in values.items()}}
    if len(measured) > 1:
        summary["spread"] = {name: _spread(found) for name, found in values.items()}
    return {kind: rounded(figures) for kind, figures in summary.items()}


def _spread(found: list[float]) -> float:
    return stdev(found) if all(map(math.isfinite, found)) else math.nan


def perplexity(loss: float) -> float:
    """e to a mean loss; infinite where that is more than a float holds."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def rounded(value: Any) -> Any:
    """Every float of a nested value, to the decimals that mean something."""
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return value
