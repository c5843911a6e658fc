"""Two models on the same records: their mean difference and its standard error."""

import math
from collections.abc import Iterable, Sequence
from statistics import variance
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

FEWEST = 5  # blocks: with fewer, their variance is hardly known
SURE = 0.975  # one-sided confidence in the sign of a difference


class Component(NamedTuple):
    """A source of chance: the variance that it adds to a difference, and degrees of freedom."""

    variance: float
    degrees: int


class Difference(NamedTuple):
    """A mean difference over records, positive where the first model is better."""

    mean: float
    standard_error: float
    degrees: float | None  # of freedom of the error; None if the error is 0

    @property
    def verdict(self) -> str:
        """Better, level or worse, by Student's t."""
        needed = 0.0 if self.degrees is None else float(t.ppf(SURE, self.degrees))
        if abs(self.mean) <= needed * self.standard_error:
            return "level"
        return "better" if self.mean > 0 else "worse"


def compare(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    block: int = 1,
    seeds: Iterable[Component] = (),
) -> Difference:
    """Compare two models by their merits on the same records, at least two.

    Merits are means over seeds, and `seeds` has the components that the choice of seeds adds. The
    interaction of seeds and records is in both terms, so on average the error is slightly too
    large. Degrees of freedom follow Satterthwaite.
    """
    differences = ours - theirs
    components = [over_records(differences, block), *seeds]
    total = math.fsum(one.variance for one in components)
    spread = math.fsum(one.variance**2 / one.degrees for one in components)
    degrees = total**2 / spread if spread else None
    return Difference(float(differences.mean()), math.sqrt(total), degrees)


def over_records(differences: NDArray[np.float64], block: int) -> Component:
    """Return the component that the choice of test records adds.

    Neighbours in a block depend on each other, so each block counts as one record.
    """
    block = max(1, min(block, len(differences) // min(FEWEST, len(differences))))
    blocks = len(differences) // block
    means = differences[: blocks * block].reshape(blocks, block).mean(axis=1)
    return Component(float(means.var(ddof=1)) / blocks, blocks - 1)


def over_seeds(values: Sequence[float]) -> Component | None:
    """Return the component that the choice of seeds adds to a mean; None for one seed."""
    runs = len(values)
    return Component(variance(values) / runs, runs - 1) if runs > 1 else None
