"""Tasks small enough to train in a blink, and trainings on them that can be killed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recurrent.config import Runtime
from recurrent.data.names.dataset import LabelledNames
from recurrent.data.sales.dataset import Table, as_symbols
from recurrent.data.splits import random_split
from recurrent.data.text import windows
from recurrent.data.text.dataset import Order, RunningText, Targets
from recurrent.data.vocabulary import Vocabulary
from recurrent.experiments import ClosedForm, Descent, Samples
from recurrent.models import base as contract
from recurrent.tasks.base import Task
from recurrent.tasks.classify import Classify
from recurrent.tasks.next_token import NextCharacter
from recurrent.tasks.regress import Regress
from recurrent.tracking.history import Fault, Row
from recurrent.training.callbacks import Watch
from recurrent.training.checkpoint import Checkpoint, Written
from recurrent.training.loop import LEARN
from recurrent.training.seeding import seed_torch

CPU = torch.device("cpu")
PLAIN = Runtime()
BATCHES = 10  # of 16 names of one length, in an epoch of the toy
ORIGIN = {"source": "bundled", "name": "generated"}
Spec = Mapping[str, object]
RECURRENT: Spec = {
    "module": "recurrent_classifier",
    "name": "RecurrentClassifier",
    "settings": {"cell": "gru", "embedding": 6, "hidden": 8, "dropout": 0.2},
}
WRITING: Spec = {
    "module": "language_model",
    "name": "LanguageModel",
    "settings": {"cell": "lstm", "embedding": 4, "hidden": 8},
}
COLUMNS = {"store": [*"abcd"], "weekday": [*"567"], "promo": [*"01"]}
READING: Spec = {
    "module": "entities",
    "name": "EntityEmbeddings",
    "settings": {"widths": [3, 2, 1], "hidden": [8, 4]},
}


def write_names(
    folder: Path, names: int = 240, valid: float = 0.2, lengths_of: tuple[int, int] = (2, 4)
) -> Path:
    """Names of two to four characters, in which the last one tells the class."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(*lengths_of, size=names, endpoint=True)
    rows = ["".join(rng.choice(list("abcdef"), size=length)) for length in lengths]
    vocabulary = Vocabulary("abcdef")
    ids, counted = vocabulary.encode_rows(rows)
    folder.mkdir(parents=True, exist_ok=True)
    LabelledNames(
        vocabulary=vocabulary,
        ids=ids,
        lengths=counted,
        labels=np.array([row[-1] in "abc" for row in rows], dtype=np.uint8),
        splits=random_split(names, None, valid, 0.2, seed=0),
        oracle=None,
        origin=ORIGIN,
    ).save(folder)
    return folder


def write_text(
    folder: Path,
    order: Order = "consecutive",
    targets: Targets = "every",
    steps: int = 5,
    valid: float = 0.2,
) -> Path:
    """A text of 600 characters that repeats itself, read in windows."""
    vocabulary = Vocabulary("abcdef")
    text = "abacadae" * 75
    stretches = windows.split(len(text), valid, 0.2)
    folder.mkdir(parents=True)
    RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(text),
        steps=steps,
        targets=targets,
        order=order,
        begins={name: windows.starts(part, steps, steps) for name, part in stretches.items()},
        stretches=stretches,
        nats=None,
        origin=ORIGIN,
    ).save(folder)
    return folder


def some_table(rows: int = 240, valid: float = 0.2, width: int = 0) -> Table:
    """What each row measured follows from its levels; with a width, vectors stand for them."""
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(len(levels), size=rows) for levels in COLUMNS.values()], axis=1)
    measured = codes @ [0.5, -0.25, 1.0] + rng.normal(5, 0.1, size=rows)
    test, chooses = rows // 5, round(rows * valid)
    places = np.arange(rows, dtype=np.int32)
    train, choose, measure = np.split(places, [rows - test - chooses, rows - test])
    return Table(
        columns=COLUMNS,
        ids=as_symbols(COLUMNS, codes),
        values=np.exp(measured),
        splits={"train": train, "valid": choose, "test": measure},
        best=None,
        vectors=rng.normal(size=(rows, width)).astype(np.float32) if width else None,
        places={},
        origin=ORIGIN,
    )


def write_table(folder: Path, width: int = 0) -> Path:
    """A table of three columns, or of a network's vectors."""
    folder.mkdir(parents=True)
    some_table(width=width).save(folder)
    return folder


def toy_task(folder: Path) -> Classify:
    """The classifier's task on a fresh dataset."""
    return Classify(write_names(folder / "toy"), CPU)


def text_task(folder: Path, order: Order = "consecutive") -> NextCharacter:
    """The language model's task on a fresh text."""
    return NextCharacter(write_text(folder / "text", order), CPU)


def table_task(folder: Path, width: int = 0) -> Regress:
    """The task of numbers on a fresh table."""
    return Regress(write_table(folder / "table", width), CPU)


def descent(**changes: object) -> Descent:
    """Adam for a few epochs, with changes."""
    values = {"optimizer": "adam", "rate": 0.02, "epochs": 4, "batch": 16, **changes}
    return Descent.model_validate(values)


def fresh(task: Task, spec: Spec = RECURRENT) -> contract.Model:
    """A model for a task, with the same weights each time."""
    seed_torch("toy", 0, "weights")
    model = contract.build({**spec, "inputs": task.inputs, "outputs": task.outputs})
    return model.to(task.device)


def watch(folder: Path, heard: list[Row], identity: str = "toy") -> Watch:
    """Someone who listens, and a checkpoint of that identity."""
    checkpoint = Checkpoint(folder / "seed-0.safetensors", identity)
    return Watch("toy", 0, checkpoint, lambda row, seconds: heard.append(row))


@dataclass
class Trained:
    """What a training left: weights, what was told of it, what it wrote on its way."""

    model: contract.Model
    told: list[Row] = field(default_factory=list)
    written: Written = field(default_factory=dict)
    gradients: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def weights(self) -> dict[str, Tensor]:
        return dict(self.model.state_dict())


class Killed(Exception):
    """What a training hears when the machine stops."""


def train(
    task: Task,
    folder: Path,
    training: Descent | ClosedForm,
    *,
    spec: Spec = RECURRENT,
    identity: str = "toy",
    samples: Samples | None = None,
    stop_after: int | None = None,
    runtime: Runtime = PLAIN,
    faults: list[Fault] | None = None,
) -> Trained:
    """Train, or go on; `stop_after` that epoch the training is killed."""
    done = Trained(fresh(task, spec), faults=[] if faults is None else faults)
    listener = replace(
        watch(folder, done.told, identity),
        samples=samples,
        tell_gradients=done.gradients.extend,
        tell_faults=lambda faults: done.faults.__setitem__(slice(None), faults),
    )
    if stop_after is not None:
        listener = replace(listener, tell=killing(listener.tell, stop_after))
    try:
        done.written = LEARN[training.kind](done.model, task, training, listener, runtime)
    except Killed:
        assert done.told[-1]["epoch"] == stop_after
    return done


def killing(
    tell: Callable[[Row, float | None], None], epoch: int
) -> Callable[[Row, float | None], None]:
    """A listener during whose call the training is killed."""

    def tell_or_die(row: Row, seconds: float | None) -> None:
        tell(row, seconds)
        if row["epoch"] == epoch:
            raise Killed

    return tell_or_die


def assert_same(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
