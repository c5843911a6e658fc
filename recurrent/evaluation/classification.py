"""How good a classifier's answers are, and how far its probabilities can be believed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from recurrent.data.names.dataset import CLASSES, LabelledNames
from recurrent.evaluation.aggregate import over_seeds
from recurrent.evaluation.measured import Measured

BINS = 10  # of confidence; two classes leave half of them empty
SAMPLES = 10


def measured(
    data: LabelledNames, records: NDArray[np.int32], logs: Mapping[int, NDArray[np.float64]]
) -> Measured:
    """`logs` is ln of what a model gave each class for each record, by seed."""
    labels, classes = data.labels[records], list(CLASSES)
    answers = {seed: np.exp(found) for seed, found in logs.items()}
    by_seed = {seed: measure(found, labels) for seed, found in answers.items()}
    first = next(iter(answers.values()))
    averaged = np.mean([*answers.values()], axis=0)
    report: dict[str, Any] = {
        "protocol": "held-out",
        "names": len(records),
        "floor": data.floor(data.measured),
        "by_seed": by_seed,
        **over_seeds(by_seed),
        "first_seed": {
            "by_class": by_class(first, labels, classes),
            "confusion": confusion(first, labels, classes),
            "calibration": calibration(first, labels),
        },
    }
    if len(answers) > 1:  # the seeds as one classifier, as `predict` has them
        report["together"] = measure(averaged, labels)
    return Measured(
        report=report,
        records=records,
        merit=np.mean([is_right(found, labels) for found in answers.values()], axis=0),
        together=is_right(averaged, labels) if len(answers) > 1 else None,
        samples=samples(first, labels, [data.name(row) for row in records], classes),
    )


def measure(probabilities: NDArray[np.float64], labels: NDArray[np.uint8]) -> dict[str, float]:
    """The headline figures of one seed: accuracy, log-loss (nats), calibration error."""
    table = calibration(probabilities, labels)
    gaps = [line["names"] * abs(line["confidence"] - line["accuracy"]) for line in table]
    return {
        "accuracy": float(is_right(probabilities, labels).mean()),
        "log_loss": float(log_loss(labels, probabilities, labels=range(probabilities.shape[1]))),
        "calibration_error": sum(gaps) / len(labels),
    }


def is_right(probabilities: NDArray[np.float64], labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """1 for each record whose likeliest class is its own, 0 for each other."""
    right: NDArray[np.float64] = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    return right


def by_class(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8], classes: list[str]
) -> dict[str, dict[str, float]]:
    """Precision and recall of each class, and how many of it there are."""
    precision, recall, _, support = precision_recall_fscore_support(
        labels, probabilities.argmax(axis=1), labels=range(len(classes)), zero_division=0.0
    )
    return {
        name: {"precision": float(p), "recall": float(r), "names": int(n)}
        for name, p, r, n in zip(classes, precision, recall, support, strict=True)
    }


def confusion(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8], classes: list[str]
) -> dict[str, dict[str, int]]:
    """How many of each class (outer) were called what (inner)."""
    counts = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(len(classes)))
    return {
        actual: {called: int(n) for called, n in zip(classes, row, strict=True)}
        for actual, row in zip(classes, counts, strict=True)
    }


def calibration(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8]
) -> list[dict[str, float]]:
    """Answers by how sure the model is of them: mean confidence beside the share that is right."""
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
    probabilities: NDArray[np.float64],
    labels: NDArray[np.uint8],
    names: list[str],
    classes: list[str],
) -> dict[str, list[dict[str, Any]]]:
    """Names called right, from the surest to the least sure, and the surest of the wrong ones."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    right = probabilities.argmax(axis=1)[order] == labels[order]
    shown = min(SAMPLES, right.sum())
    spread = np.linspace(0, right.sum() - 1, shown).astype(int)
    chosen = {"right": order[right][spread], "wrong": order[~right][:SAMPLES]}
    return {
        verdict: [
            {
                "name": names[row],
                "label": classes[labels[row]],
                "answer": classes[int(probabilities[row].argmax())],
                "probability": round(float(probabilities[row].max()), 4),
            }
            for row in rows
        ]
        for verdict, rows in chosen.items()
    }
