"""The share of hidden characters that a model restores, and its loss on them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recurrent.data.text.dataset import RunningText
from recurrent.evaluation.aggregate import Metrics
from recurrent.evaluation.language import block, identify, measured_stretch
from recurrent.evaluation.measured import Measured

SAMPLES, GAP = 20, "□"
CONTEXT = 6  # characters on either side: fewer than the distance to the next hidden one


def measure(
    data: RunningText, records: NDArray[np.int32], log_probs: Mapping[int, NDArray[np.float64]]
) -> Measured:
    """Measure one variant, given the log-probability of each character at each position."""
    right = data.ids[records]
    most_frequent = np.bincount(training_text(data)).argmax()
    constant = {"restored_by_most_frequent": float((right == most_frequent).mean())}
    hits = [table.argmax(axis=1) == right for table in log_probs.values()]
    first = next(iter(log_probs.values()))
    return Measured(
        metric="restored",
        by_seed={seed: metrics(table, right) | constant for seed, table in log_probs.items()},
        ensemble=None,
        bayes=None,
        records=records,
        merit=np.mean(hits, axis=0),
        ensemble_merit=None,
        unit="characters",
        block=block(data),
        text=identify(data),
        stretch=measured_stretch(data),
        samples={"restored": samples(data, records, first)},
    )


def training_text(data: RunningText) -> NDArray[np.uint16]:
    """Return the training stretch of the text."""
    first, end = data.stretches["train"] if data.stretches else (0, len(data.ids))
    return data.ids[first:end]


def metrics(log_probs: NDArray[np.float64], right: NDArray[np.uint16]) -> Metrics:
    """Return the share of characters restored, and the mean loss on the right ones in nats."""
    return {
        "restored": float((log_probs.argmax(axis=1) == right).mean()),
        "restoration_loss": float(-log_probs[np.arange(len(right)), right].mean()),
    }


def samples(
    data: RunningText, records: NDArray[np.int32], log_probs: NDArray[np.float64]
) -> list[dict[str, str]]:
    """Return some gaps: the text around them, the hidden character, and the likeliest answer."""
    chosen = np.linspace(0, len(records) - 1, min(SAMPLES, len(records))).astype(int)
    return [
        {
            "text": data.vocabulary.decode(data.ids[max(0, place - CONTEXT) : place])
            + GAP
            + data.vocabulary.decode(data.ids[place + 1 : place + 1 + CONTEXT]),
            "hidden": data.vocabulary.decode([data.ids[place]]),
            "answer": data.vocabulary.decode([int(log_probs[row].argmax())]),
        }
        for row, place in ((row, int(records[row])) for row in chosen)
    ]
