"""How far ours may be from a published number that it reproduces: one rule per kind of metric.

Perplexities are compared as their logarithms, which are losses in nats; everything else is compared
as it is. `to_scale` and `from_scale` convert a metric to the unit of its comparison and back.
"""

import math
from typing import Literal, get_args

from recurrent.evaluation.aggregate import perplexity

Kind = Literal["loss", "perplexity", "accuracy"]
LOSS = 0.02  # nats
PERPLEXITY = 0.05  # nats, at most
SHARE = 0.15  # of ln(published perplexity)
ERRORS = 2  # standard errors of an accuracy on the published test set
DECIMALS = 9  # of a tolerance, which is 0.00003 nats for a perplexity of 1.0002


def kind_of(metric: str) -> Kind | None:
    """Return the kind of a metric, from the words of its name; None if it has no fixed rule."""
    words = metric.split("_")
    return next((kind for kind in get_args(Kind) if kind in words), None)


def tolerance_of(metric: str, published: float, test_size: int | None = None) -> float | None:
    """Return how much ours may differ, in the unit of the comparison; None without a fixed rule.

    `test_size` is the number of records behind a published accuracy.
    """
    match kind_of(metric):
        case "loss":
            return LOSS
        case "perplexity":
            return round(min(PERPLEXITY, SHARE * math.log(published)), DECIMALS)
        case "accuracy" if test_size:
            error = math.sqrt(published * (1 - published) / test_size)
            return round(ERRORS * error, DECIMALS)
    return None


def to_scale(metric: str, value: float) -> float:
    """Return a value in the unit of its comparison: a perplexity in nats, others unchanged."""
    return math.log(value) if kind_of(metric) == "perplexity" else value


def from_scale(metric: str, value: float) -> float:
    """Return what `to_scale` converted. No perplexity is below 1, and no loss below 0."""
    return perplexity(max(value, 0.0)) if kind_of(metric) == "perplexity" else value
