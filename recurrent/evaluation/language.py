"""How many nats a character costs a language model, and what that is as perplexity."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recurrent.data.text.dataset import RunningText
from recurrent.data.words.spelling import Words, in_characters
from recurrent.evaluation.aggregate import over_seeds, perplexity
from recurrent.evaluation.measured import Measured

BLOCK = 100  # characters: what is hard to predict comes in stretches


def measured(
    data: RunningText,
    records: NDArray[np.int32],
    gave: Mapping[int, NDArray[np.float64]],
    words: Words | None = None,
) -> Measured:
    """`gave` is ln of what a model gave each character, or each symbol of a word, by seed."""
    # The seeds as one model: their probabilities averaged, before symbols are spelt out.
    averaged = np.logaddexp.reduce([*gave.values()], axis=0) - np.log(len(gave))
    data, records, logs = in_characters(data, records, [*gave.values(), averaged], words or {})
    *each, together = logs
    by_seed = {seed: figures(found) for seed, found in zip(gave, each, strict=True)}
    report: dict[str, Any] = {
        "protocol": protocol(data),
        **place(data, len(records)),
        "characters": len(records),
        "floor": data.floor(records),
        "by_seed": by_seed,
        **over_seeds(by_seed),
    }
    if len(gave) > 1:
        report["together"] = figures(together)
    return Measured(
        report=report,
        records=records,
        merit=np.mean(each, axis=0),
        together=together if len(gave) > 1 else None,
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


def place(data: RunningText, asked: int) -> dict[str, str]:
    """Text that several datasets share has a name of its own: their models are compared on it."""
    if data.measured == "train":
        return {"on": f"the {asked:,} characters that trained it"}
    if data.measured != "test" or not data.stretches:
        return {}
    first, end = data.stretches["test"]
    return {"on": f"the last {end - first:,} of {end:,} characters"}


def by_prefix(report: dict[str, Any], in_view: Mapping[str, Any]) -> None:
    """Mark a model that looks ahead: asked by prefix alone; what it comes to with the answer in
    view stands beside its figures, never among those of language models.
    """
    report["protocol"] += " by prefix"
    for kind in ("mean", "spread"):
        if kind in report:
            report[kind] |= _in_view(in_view[kind])
    for seed, found in in_view["by_seed"].items():
        report["by_seed"][seed] |= _in_view(found)


def _in_view(found: Mapping[str, float]) -> dict[str, float]:
    return {f"{name}_with_the_answer_in_view": value for name, value in found.items()}


def figures(gave: NDArray[np.float64]) -> dict[str, float]:
    """Mean loss and perplexity."""
    loss = float(-gave.mean())
    return {"loss": loss, "perplexity": perplexity(loss)}
