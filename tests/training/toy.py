"""A task small enough to train in a blink: names of four characters, the last one decides."""

from pathlib import Path

import numpy as np
import torch

from stages.params import Descent
from stages.text.labelled import LabelledNames
from stages.text.splits import random_split
from stages.text.vocabulary import Vocabulary
from stages.training.checkpoint import Checkpoint, Row
from stages.training.loop import Watch
from stages.training.tasks import Classify

RECURRENT = {
    "module": "recurrent_classifier",
    "name": "RecurrentClassifier",
    "settings": {"cell": "gru", "embedding": 6, "hidden": 8, "dropout": 0.2},
}


def write_dataset(folder: Path, names: int = 240) -> Path:
    """A dataset in which a name's last character tells its class."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 5, size=names)
    rows = ["".join(rng.choice(list("abcdef"), size=length)) for length in lengths]
    vocabulary = Vocabulary("abcdef")
    ids, counted = vocabulary.encode_rows(rows)
    folder.mkdir(parents=True)
    LabelledNames(
        vocabulary=vocabulary,
        ids=ids,
        lengths=counted,
        labels=np.array([row[-1] in "abc" for row in rows], dtype=np.uint8),
        splits=random_split(names, None, 0.2, 0.2, seed=0),
        oracle=None,
        origin={"source": "bundled", "name": "generated"},
    ).save(folder)
    return folder


def toy_task(folder: Path) -> Classify:
    """The task on a fresh dataset."""
    return Classify(write_dataset(folder / "toy"), torch.device("cpu"))


def descent(**changes: object) -> Descent:
    """Adam for a few epochs, with changes."""
    values = {"optimizer": "adam", "rate": 0.02, "epochs": 4, "batch": 16, **changes}
    return Descent.model_validate(values)


def watch(folder: Path, heard: list[Row], identity: str = "toy") -> Watch:
    """Someone who listens, and a checkpoint of that identity."""
    checkpoint = Checkpoint(folder / "seed-0.safetensors", identity)
    return Watch("toy", 0, checkpoint, lambda row, seconds: heard.append(row))
