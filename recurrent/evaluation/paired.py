"""Two models on the same records: their mean difference and its standard error."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

SURE = 0.975  # one-sided confidence in the sign of a difference


class Difference(NamedTuple):
    """A mean difference over records, positive where the first model is better."""

    mean: float
    standard_error: float
    blocks: int  # of records that count as one

    @property
    def verdict(self) -> str:
        """Better, level or worse. A difference of two standard errors or less is level.

        With few blocks the error itself is uncertain, so Student's t raises the limit.
        """
        needed = max(2.0, float(t.ppf(SURE, self.blocks - 1)))
        if abs(self.mean) <= needed * self.standard_error:
            return "level"
        return "better" if self.mean > 0 else "worse"


def compare(ours: NDArray[np.float64], theirs: NDArray[np.float64], block: int = 1) -> Difference:
    """Compare two models by their merits on the same records, at least two.

    Neighbours in a block depend on each other, so each block counts as one record.
    """
    differences = ours - theirs
    block = max(1, min(block, len(differences) // 2))
    blocks = len(differences) // block
    means = differences[: blocks * block].reshape(blocks, block).mean(axis=1)
    error = float(means.std(ddof=1) / np.sqrt(blocks))
    return Difference(float(differences.mean()), error, blocks)
