"""Accuracy, log loss and calibration of a classifier."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from recurrent.data.names.dataset import CLASSES, LabelledNames
from recurrent.evaluation.aggregate import Metrics
from recurrent.evaluation.measured import Measured

BINS = 10  # of confidence; with two classes half of them stay empty
SAMPLES = 10


def measure(
    data: LabelledNames, records: NDArray[np.int32], log_probs: Mapping[int, NDArray[np.float64]]
) -> Measured:
    """Measure one variant, given the log-probability of each class by seed."""
    labels = data.labels[records]
    groups = subsets(data, records)
    by_seed = {seed: np.exp(found) for seed, found in log_probs.items()}
    first, averaged = next(iter(by_seed.values())), np.mean([*by_seed.values()], axis=0)
    several = len(by_seed) > 1
    return Measured(
        metric="accuracy",
        by_seed={seed: metrics(found, labels, groups) for seed, found in by_seed.items()},
        ensemble=metrics(averaged, labels, groups) if several else None,
        bayes=data.bayes(data.measured),
        records=records,
        merit=np.mean([is_right(found, labels) for found in by_seed.values()], axis=0),
        ensemble_merit=is_right(averaged, labels) if several else None,
        unit="names",
        details={
            "groups": {name: int(chosen.sum()) for name, chosen in groups.items()},
            "by_class": by_class(first, labels),
            "confusion": confusion(first, labels),
            "calibration": calibration(first, labels),
        },
        samples=samples(first, labels, [data.name(row) for row in records]),
    )


def subsets(data: LabelledNames, records: NDArray[np.int32]) -> dict[str, NDArray[np.bool_]]:
    """Return masks of the records by what training has seen of them; empty groups are left out.

    Names with a new surname only are much easier than those with a new given name.
    """
    trained = data.splits["train"]
    seen = np.isin(data.given(records), data.given(trained))
    own = np.isin(records, trained)
    found = {"seen_given_name": seen, "new_given_name": ~seen}
    if own.any():
        found["not_trained_on"] = ~own
    return {name: chosen for name, chosen in found.items() if chosen.any()}


def metrics(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.uint8],
    groups: Mapping[str, NDArray[np.bool_]],
) -> Metrics:
    """Return one seed's accuracy, also by group, log loss in nats and calibration error."""
    right = is_right(probabilities, labels)
    table = calibration(probabilities, labels)
    gaps = [line["names"] * abs(line["confidence"] - line["accuracy"]) for line in table]
    return {
        "accuracy": float(right.mean()),
        **{f"accuracy_{name}": float(right[chosen].mean()) for name, chosen in groups.items()},
        "log_loss": float(log_loss(labels, probabilities, labels=range(probabilities.shape[1]))),
        "calibration_error": sum(gaps) / len(labels),
    }


def is_right(probabilities: NDArray[np.float64], labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return 1 where the likeliest class is the label, else 0."""
    right: NDArray[np.float64] = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    return right


def by_class(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8]
) -> dict[str, dict[str, float]]:
    """Return precision and recall of each class, and how many names it has."""
    precision, recall, _, support = precision_recall_fscore_support(
        labels, probabilities.argmax(axis=1), labels=range(len(CLASSES)), zero_division=0.0
    )
    return {
        name: {"precision": float(p), "recall": float(r), "names": int(n)}
        for name, p, r, n in zip(CLASSES, precision, recall, support, strict=True)
    }


def confusion(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8]
) -> dict[str, dict[str, int]]:
    """Return how many names of each label (outer key) got each answer (inner key)."""
    counts = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(len(CLASSES)))
    return {
        label: {answer: int(n) for answer, n in zip(CLASSES, row, strict=True)}
        for label, row in zip(CLASSES, counts, strict=True)
    }


def calibration(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8]
) -> list[dict[str, float]]:
    """Return mean confidence and accuracy, in bins of confidence."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "names": int(chosen.sum()),
            "confidence": float(confidence[chosen].mean()),
            "accuracy": float(right[chosen].mean()),
        }
        for chosen in (bins == number for number in np.unique(bins))
    ]


def samples(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8], names: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return right answers from most to least confident, and the most confident wrong ones."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    right = probabilities.argmax(axis=1)[order] == labels[order]
    spread = np.linspace(0, right.sum() - 1, min(SAMPLES, right.sum())).astype(int)
    chosen = {"right": order[right][spread], "wrong": order[~right][:SAMPLES]}
    return {
        kind: [
            {
                "name": names[row],
                "label": CLASSES[labels[row]],
                "answer": CLASSES[int(probabilities[row].argmax())],
                "probability": round(float(probabilities[row].max()), 4),
            }
            for row in rows
        ]
        for kind, rows in chosen.items()
    }
