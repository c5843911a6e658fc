"""How many hidden characters a model restores, and how sure it was of the right one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recurrent.data.text.dataset import RunningText
from recurrent.evaluation.aggregate import over_seeds
from recurrent.evaluation.language import BLOCK, place, protocol
from recurrent.evaluation.measured import Measured

SAMPLES, GAP = 20, "□"
CONTEXT = 6  # characters on either side: nearer than the next hidden one


def measured(
    data: RunningText, records: NDArray[np.int32], logs: Mapping[int, NDArray[np.float64]]
) -> Measured:
    """`logs` is ln of what a model gave each character for each place, by seed."""
    right = data.ids[records]
    commonest = np.bincount(training_text(data)).argmax()
    by_chance = {"restored_by_the_commonest_character": float((right == commonest).mean())}
    by_seed = {seed: figures(table, right) | by_chance for seed, table in logs.items()}
    report: dict[str, Any] = {
        "protocol": protocol(data),
        **place(data, len(records)),
        "characters": len(records),
        "floor": None,
        "by_seed": by_seed,
        **over_seeds(by_seed),
    }
    hits = [table.argmax(axis=1) == right for table in logs.values()]
    first = next(iter(logs.values()))
    return Measured(
        report=report,
        records=records,
        merit=np.mean(hits, axis=0),
        together=None,
        block=BLOCK,
        samples={"restored": samples(data, records, first)},
    )


def training_text(data: RunningText) -> NDArray[np.uint16]:
    """The ids that models learn from."""
    first, end = data.stretches["train"] if data.stretches else (0, len(data.ids))
    return data.ids[first:end]


def figures(table: NDArray[np.float64], right: NDArray[np.uint16]) -> dict[str, float]:
    """The share whose likeliest answer is right, and the mean cost of the right one in nats."""
    return {
        "restored": float((table.argmax(axis=1) == right).mean()),
        "restoring_loss": float(-table[np.arange(len(right)), right].mean()),
    }


def samples(
    data: RunningText, records: NDArray[np.int32], table: NDArray[np.float64]
) -> list[dict[str, str]]:
    """Some places with what is around them, what was hidden there, and the likeliest answer."""
    chosen = np.linspace(0, len(records) - 1, min(SAMPLES, len(records))).astype(int)
    return [
        {
            "text": data.vocabulary.decode(data.ids[max(0, at - CONTEXT) : at])
            + GAP
            + data.vocabulary.decode(data.ids[at + 1 : at + 1 + CONTEXT]),
            "hidden": data.vocabulary.decode([data.ids[at]]),
            "answer": data.vocabulary.decode([int(table[row].argmax())]),
        }
        for row, at in ((row, int(records[row])) for row in chosen)
    ]
