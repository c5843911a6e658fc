"""Aggregate seeds: the mean and the sample standard deviation."""

import math
from collections.abc import Mapping
from statistics import mean, stdev
from typing import Any

DECIMALS = 6  # later ones depend on the processor and are meaningless

Metrics = dict[str, float]


def over_seeds(by_seed: Mapping[int, Metrics]) -> tuple[Metrics, Metrics | None]:
    """Return the mean and the standard deviation of each metric; a single seed has no deviation."""
    measured = [*by_seed.values()]
    values = {name: [one[name] for one in measured] for name in measured[0]}
    means = {name: mean(found) for name, found in values.items()}
    sds = {name: _deviation(found) for name, found in values.items()} if len(measured) > 1 else None
    return rounded(means), rounded(sds)


def _deviation(found: list[float]) -> float:
    return stdev(found) if all(map(math.isfinite, found)) else math.nan


def perplexity(loss: float) -> float:
    """Return e to a mean loss, or infinity if a float cannot hold that."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def rounded(value: Any) -> Any:
    """Round every float of a nested value to the decimals that are meaningful."""
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return value
