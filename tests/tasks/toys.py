"""Small datasets for every task, and small networks that learn them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from recurrent.data.names.dataset import LabelledNames
from recurrent.data.sales.dataset import Table, as_symbols
from recurrent.data.splits import random_split
from recurrent.data.text import windows
from recurrent.data.text.dataset import RunningText
from recurrent.data.vocabulary import Vocabulary
from recurrent.models.base import Model
from recurrent.tasks.base import Task
from recurrent.tasks.classify import Classify
from recurrent.tasks.next_token import NextToken
from recurrent.tasks.regress import Regress
from recurrent.tasks.restore import Restore
from tests.models.networks import network

CPU = torch.device("cpu")
ORIGIN = {"source": "bundled", "name": "generated"}
VOCABULARY = Vocabulary("abcdef")
COLUMNS = {"store": [*"abcd"], "weekday": [*"567"], "promo": [*"01"]}
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


def classify(folder: Path) -> Classify:
    """Return the task on names of two to four characters; the last one decides the class."""
    rng = np.random.default_rng(0)
    names = ["".join(rng.choice([*"abcdef"], size=n)) for n in rng.integers(2, 5, size=240)]
    ids, lengths = VOCABULARY.encode_rows(names)
    folder.mkdir(parents=True, exist_ok=True)
    LabelledNames(
        vocabulary=VOCABULARY,
        ids=ids,
        lengths=lengths,
        labels=np.array([name[-1] in "abc" for name in names], dtype=np.uint8),
        splits=random_split(len(names), None, 0.2, 0.2, seed=0),
        male_probability=None,
        origin=ORIGIN,
    ).save(folder)
    return Classify(folder, CPU)


def some_table(width: int = 0) -> Table:
    """Return rows whose value follows from their levels; with a width, vectors replace these."""
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(len(levels), size=240) for levels in COLUMNS.values()], axis=1)
    train, valid, test = np.split(np.arange(240, dtype=np.int32), [150, 192])
    return Table(
        columns=COLUMNS,
        ids=as_symbols(COLUMNS, codes),
        values=np.exp(codes @ [0.5, -0.25, 1.0] + rng.normal(5, 0.1, size=240)),
        splits={"train": train, "valid": valid, "test": test},
        bayes_values=None,
        vectors=rng.normal(size=(240, width)).astype(np.float32) if width else None,
        places={},
        origin=ORIGIN,
    )


def regress(folder: Path, width: int = 0) -> Regress:
    folder.mkdir(parents=True, exist_ok=True)
    some_table(width).save(folder)
    return Regress(folder, CPU)


def model_for(task: Task, name: str, **settings: Any) -> Model:
    """Return a network for a task, with the same weights each time."""
    sizes = {"Stacked": {"cell": "gru", "hidden": 8}, "InterpolatedNgrams": {}}
    values = {**sizes.get(name, {"embedding": 4, "hidden": 8}), **settings}
    if isinstance(task, Regress):
        values = {"widths": [3, 2, 1], "hidden": [8, 4]}
    return network(name, task.inputs, task.outputs, **values).eval()
