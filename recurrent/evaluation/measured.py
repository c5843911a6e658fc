"""What measuring one experiment yields, whatever it was asked."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Measured:
    """The figures, and what each record contributed to them: so that models can be paired."""

    report: dict[str, Any]  # for metrics/evaluation/<experiment>.json
    records: NDArray[np.int32]  # what was measured on
    merit: NDArray[np.float64]  # of each record, the mean over the seeds: more is better
    together: NDArray[np.float64] | None  # the same, of the seeds as one model
    block: int = 1  # so many neighbours depend on each other, and count as one for an error
    ground: str = ""  # experiments that share it are measured on the same records; "": on a dataset
    samples: dict[str, Any] = field(default_factory=dict)
