"""How many nats a character costs a language model, and what that is as perplexity."""

from collections.abc import Mapping
from hashlib import sha256
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.evaluation.aggregate import over_seeds
from stages.evaluation.measured import Measured
from stages.text.running import RunningText

BLOCK = 100  # characters: what is hard to predict comes in stretches


def measured(
    data: RunningText, records: NDArray[np.int32], gave: Mapping[int, NDArray[np.float64]]
) -> Measured:
    """`gave` is ln of what a model gave each character, by seed."""
    by_seed = {seed: figures(found) for seed, found in gave.items()}
    report: dict[str, Any] = {
        "protocol": protocol(data),
        **place(data),
        "characters": len(records),
        "floor": data.floor(records),
        "by_seed": by_seed,
        **over_seeds(by_seed),
    }
    together = None
    if len(gave) > 1:  # the seeds as one model: their probabilities averaged
        together = np.logaddexp.reduce([*gave.values()], axis=0) - np.log(len(gave))
        report["together"] = figures(together)
    return Measured(
        report=report,
        records=records,
        merit=np.mean([*gave.values()], axis=0),
        together=together,
        block=BLOCK,
        ground=_ground(data),
    )


def protocol(data: RunningText) -> str:
    """What was measured on, by how far it is from training."""
    if data.measured == "valid":
        return "lecture's split" if data.stretches is None else "validation text"
    return {"test": "held-out", "train": "its training text"}[data.measured]


def _ground(data: RunningText) -> str:
    """The same for datasets that hold the same text, and hold out the same stretch of it."""
    if data.stretches is None:
        return ""
    text = "".join(data.vocabulary.characters).encode() + data.ids.tobytes()
    return f"{sha256(text).hexdigest()} {data.stretches}"


def place(data: RunningText) -> dict[str, str]:
    """Held-out text has a name of its own: models of several datasets are measured on it."""
    if data.measured != "test" or not data.stretches:
        return {}
    first, end = data.stretches["test"]
    return {"on": f"the last {end - first:,} of {end:,} characters"}


def add_answers_in_view(report: dict[str, Any], gave: Mapping[int, NDArray[np.float64]]) -> None:
    """What a model that looks ahead comes to when it may: beside the figures, never among them."""
    seen = {
        seed: {f"{name}_with_the_answer_in_view": value for name, value in figures(found).items()}
        for seed, found in gave.items()
    }
    for seed, found in seen.items():
        report["by_seed"][seed] |= found
    for kind, found in over_seeds(seen).items():
        report[kind] |= found


def figures(gave: NDArray[np.float64]) -> dict[str, float]:
    """Mean loss and perplexity."""
    loss = float(-gave.mean())
    return {"loss": loss, "perplexity": exp(loss)}
