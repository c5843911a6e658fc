"""The result of measuring one variant of any task."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recurrent.evaluation.aggregate import Metrics


@dataclass(frozen=True)
class Measured:
    """The metrics of a variant, and the contribution of each record to the main metric.

    A merit is such a contribution, so that two models can be compared record by record. The mean
    merit is the main metric, with a minus sign where lower is better.
    """

    metric: str  # the main one
    by_seed: dict[int, Metrics]
    ensemble: Metrics | None  # of the seeds' averaged predictions; None for a single seed
    bayes: Metrics | None  # the best possible, if the source of the records is known
    records: NDArray[np.int32]  # rows of the dataset, or positions in its text
    merit: NDArray[np.float64]  # (records,), the mean over seeds
    ensemble_merit: NDArray[np.float64] | None
    unit: str  # what a record is
    block: int = 1  # this many neighbouring records count as one for standard errors
    text: str = ""  # identifies the text and its stretches; datasets of one text share records
    stretch: tuple[int, int, int] | None = None  # first, end and length of the text, if contiguous
    details: dict[str, Any] = field(default_factory=dict)  # further tables
    samples: dict[str, Any] = field(default_factory=dict)  # answers or texts to read
    by_prefix: bool = False  # the model can see ahead, so it was measured on prefixes only
