"""Small texts in windows, and small networks for every task."""

from pathlib import Path
from typing import Any

import numpy as np

from recurrent.data.text import windows
from recurrent.data.text.dataset import RunningText
from recurrent.data.vocabulary import Vocabulary
from recurrent.models.base import Model
from recurrent.tasks.base import Task
from recurrent.tasks.next_token import NextToken
from recurrent.tasks.regress import Regress
from recurrent.tasks.restore import Restore
from tests.models.networks import network
from tests.training.toy import CPU, ORIGIN

VOCABULARY = Vocabulary("abcdef")
SEQUENTIAL: dict[str, Any] = {"order": "sequential"}
LAST: dict[str, Any] = {"targets": "last", "stride": 1}
RANDOM: dict[str, Any] = {"random": True}


def some_text(length: int) -> str:
    """Return a text that repeats itself nowhere for long."""
    return "".join(np.random.default_rng(0).choice([*"abcdef"], size=length))


def write_text(
    folder: Path,
    text: str | None = None,
    *,
    window: int = 4,
    stride: int | None = None,
    valid: float = 0.1,
    random: bool = False,
    **changes: Any,
) -> Path:
    """Write a text in windows; the last tenth is the test, or a fifth of the windows at random."""
    text = some_text(200) if text is None else text
    whole = windows.starts((0, len(text)), window, stride or window)
    stretches = None if random else windows.split(len(text), valid, 0.1)
    starts = {
        "train": whole[::5],
        "valid": np.delete(whole, slice(None, None, 5)),
        "test": whole[:0],
    }
    if stretches:
        starts = {
            name: windows.starts(stretch, window, stride or window)
            for name, stretch in stretches.items()
        }
    values: dict[str, Any] = {"targets": "every", "order": "shuffled", **changes}
    folder.mkdir(parents=True, exist_ok=True)
    RunningText(
        vocabulary=VOCABULARY,
        ids=VOCABULARY.encode(text),
        window=window,
        starts=starts,
        stretches=stretches,
        nats=None,
        origin=ORIGIN,
        **values,
    ).save(folder)
    return folder


def next_token(folder: Path, text: str | None = None, **changes: Any) -> NextToken:
    return NextToken(write_text(folder, text, **changes), CPU)


def restore(folder: Path, text: str | None = None, **changes: Any) -> Restore:
    return Restore(write_text(folder, text, **changes), CPU)


def model_for(task: Task, name: str, **settings: Any) -> Model:
    """Return a network for a task, with the same weights each time."""
    sizes = {"Stacked": {"cell": "gru", "hidden": 8}, "InterpolatedNgrams": {}}
    values = {**sizes.get(name, {"embedding": 4, "hidden": 8}), **settings}
    if isinstance(task, Regress):
        values = {"widths": [3, 2, 1], "hidden": [8, 4]}
    return network(name, task.inputs, task.outputs, **values).eval()
