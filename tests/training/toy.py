"""Tasks small enough to train in a moment, and runs on them that can be killed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recurrent.common.config import Descent, Fit, Runtime, Samples
from recurrent.data.names.dataset import LabelledNames
from recurrent.data.sales.dataset import Table, as_symbols
from recurrent.data.splits import random_split
from recurrent.data.text import windows
from recurrent.data.text.dataset import Order, RunningText, Targets
from recurrent.data.vocabulary import Vocabulary
from recurrent.models import base
from recurrent.tasks.base import Task
from recurrent.tasks.classify import Classify
from recurrent.tasks.next_token import NextToken
from recurrent.tasks.regress import Regress
from recurrent.tracking.history import Finding, Row
from recurrent.training.callbacks import Callbacks
from recurrent.training.checkpoint import Checkpoint, Written
from recurrent.training.loop import METHODS
from recurrent.training.seeding import seed_torch

CPU = torch.device("cpu")
PLAIN = Runtime(device="cpu")
BATCHES = 10  # of 16 names of one length, in an epoch of the toy
ORIGIN = {"source": "bundled", "name": "generated"}
Spec = Mapping[str, Any]
RECURRENT: Spec = {
    "module": "names",
    "name": "RecurrentClassifier",
    "settings": {"cell": "gru", "embedding": 6, "hidden": 8, "dropout": 0.2},
}
WRITING: Spec = {
    "module": "nietzsche",
    "name": "StatefulRnn",
    "settings": {"cell": "lstm", "embedding": 4, "hidden": 8},
}
COLUMNS = {"store": [*"abcd"], "weekday": [*"567"], "promo": [*"01"]}


def write_names(folder: Path, names: int = 240, valid: float = 0.2) -> Path:
    """Names of two to four characters, in which the last one decides the class."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 4, size=names, endpoint=True)
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
        male_probability=None,
        origin=ORIGIN,
    ).save(folder)
    return folder


def write_text(
    folder: Path,
    order: Order = "sequential",
    targets: Targets = "every",
    window: int = 5,
    valid: float = 0.2,
) -> Path:
    """A text of 600 characters that repeats itself, read in windows."""
    vocabulary = Vocabulary("abcdef")
    text = "abacadae" * 75
    stretches = windows.split(len(text), valid, 0.2)
    folder.mkdir(parents=True, exist_ok=True)
    RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(text),
        window=window,
        targets=targets,
        order=order,
        starts={name: windows.starts(part, window, window) for name, part in stretches.items()},
        stretches=stretches,
        nats=None,
        origin=ORIGIN,
    ).save(folder)
    return folder


def some_table(rows: int = 240, valid: float = 0.2, width: int = 0) -> Table:
    """A table whose values follow from its categories; with a width, vectors replace them."""
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
        bayes_values=None,
        vectors=rng.normal(size=(rows, width)).astype(np.float32) if width else None,
        places={},
        origin=ORIGIN,
    )


def write_table(folder: Path, width: int = 0) -> Path:
    """A table of three columns, or of a network's vectors."""
    folder.mkdir(parents=True, exist_ok=True)
    some_table(width=width).save(folder)
    return folder


def toy_task(folder: Path) -> Classify:
    """The classifier's task on a fresh dataset."""
    return Classify(write_names(folder / "toy"), CPU)


def text_task(folder: Path, order: Order = "sequential") -> NextToken:
    """The language model's task on a fresh text."""
    return NextToken(write_text(folder / "text", order), CPU)


def table_task(folder: Path, width: int = 0) -> Regress:
    """The regression task on a fresh table."""
    return Regress(write_table(folder / "table", width), CPU)


def descent(**changes: object) -> Descent:
    """Adam for a few epochs, with changes."""
    values = {"optimizer": "adam", "learning_rate": 0.02, "epochs": 4, "batch_size": 16, **changes}
    return Descent.model_validate(values)


def fresh(task: Task, spec: Spec = RECURRENT) -> base.Model:
    """A model for a task, with the same first weights each time."""
    seed_torch("toy", 0, "weights")
    model = base.build({**spec, "inputs": task.inputs, "outputs": task.outputs})
    return model.to(task.device)


@dataclass
class Trained:
    """What a run left: weights, rows, samples, gradients and findings."""

    model: base.Model
    rows: list[Row] = field(default_factory=list)
    written: Written = field(default_factory=dict)
    gradients: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def weights(self) -> dict[str, Tensor]:
        return dict(self.model.state_dict())


class Killed(Exception):
    """Raised where a kill would end the process."""


def train(
    task: Task,
    folder: Path,
    training: Descent | Fit,
    *,
    spec: Spec = RECURRENT,
    samples: Samples | None = None,
    stop_after: int | None = None,
    runtime: Runtime = PLAIN,
    done: Trained | None = None,
    checkpoint_every_s: float = 0.0,
) -> Trained:
    """Train, or continue; `stop_after` that epoch the run is killed."""
    done = done or Trained(fresh(task, spec))
    trained = done

    def epoch(row: Row) -> None:
        trained.rows.append(row)
        if row["epoch"] == stop_after:
            raise Killed

    callbacks = Callbacks(
        name="toy",
        seed=0,
        checkpoint=Checkpoint(folder / "checkpoint.safetensors", checkpoint_every_s),
        epoch=epoch,
        gradients=trained.gradients.extend,
        findings=lambda found: trained.findings.__setitem__(slice(None), found),
        samples=samples,
    )
    try:
        done.written = METHODS[training.method](done.model, task, training, callbacks, runtime)
    except Killed:
        assert done.rows[-1]["epoch"] == stop_after
    return done


def assert_same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
