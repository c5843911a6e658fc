"""Where one more run would lie, given the runs from some seeds."""

import math
from collections.abc import Sequence
from statistics import mean, stdev

from scipy.stats import t

INSIDE = 0.95  # probability that one more run lies in its interval


def prediction_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the interval of one more run; None with fewer than two runs, or if one is not finite.

    Student's t on n - 1 degrees of freedom: mean ± t s sqrt(1 + 1/n).
    """
    runs = len(values)
    if runs < 2 or not all(map(math.isfinite, values)):
        return None
    reach = t.ppf((1 + INSIDE) / 2, runs - 1) * stdev(values) * math.sqrt(1 + 1 / runs)
    return mean(values) - float(reach), mean(values) + float(reach)
