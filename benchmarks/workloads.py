"""The timed workloads: variants of params.yaml on random data, and their plain ports."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import plain
from recurrent.common import config
from recurrent.common.config import Descent
from recurrent.data.names.dataset import LabelledNames
from recurrent.data.text import windows
from recurrent.data.text.dataset import Order, RunningText, Targets
from recurrent.data.vocabulary import Vocabulary
from recurrent.models import base
from recurrent.tasks.base import Task, load
from tests.project import ROOT

ORIGIN = {"source": "bundled", "name": "random"}  # time does not depend on the data
CJK = 0x4E00
NIETZSCHE, LYRICS, NAMES = 85, 1028, 501  # vocabularies
LENGTH, NAMES_IN_TRAINING = 600_893, 268_000


@dataclass(frozen=True)
class Workload:
    """A variant, its plain port, and how many batches the lecture's epoch has."""

    variant: str  # of params.yaml: experiment/variant
    twin: Callable[[], nn.Module]
    write: Callable[[Path, int], None]  # writes a dataset with this many records
    batches: int  # of the lecture's epoch
    batch_size: int
    renamed: tuple[str, str] = ("", "")  # part of our parameters' names, and the port's


def text(
    vocabulary: int,
    window: int,
    stride: int,
    targets: Targets,
    order: Order = "shuffled",
) -> Callable[[Path, int], None]:
    """Return a function that writes a random text with a given number of training windows."""

    def write(folder: Path, records: int) -> None:
        length = records * stride + window + 1
        whole = {"train": (0, length), "valid": (length, length), "test": (length, length)}
        RunningText(
            vocabulary=Vocabulary([chr(CJK + number) for number in range(vocabulary - 1)]),
            ids=np.random.default_rng(0).integers(1, vocabulary, length).astype(np.uint16),
            window=window,
            targets=targets,
            order=order,
            starts={name: windows.starts(part, window, stride) for name, part in whole.items()},
            stretches=whole,
            nats=None,
            origin=ORIGIN,
        ).save(folder)

    return write


def names(folder: Path, records: int) -> None:
    """Write random names, most of them of three characters."""
    rng = np.random.default_rng(0)
    lengths = rng.choice([2, 3], records, p=[0.15, 0.85]).astype(np.uint8)
    ids = rng.integers(1, NAMES, (records, 3)).astype(np.uint16)
    ids[lengths == 2, 2] = 0
    none = np.zeros(0, dtype=np.int32)
    LabelledNames(
        vocabulary=Vocabulary([chr(CJK + number) for number in range(NAMES - 1)]),
        ids=ids,
        lengths=lengths,
        labels=rng.integers(0, 2, records).astype(np.uint8),
        splits={"train": np.arange(records, dtype=np.int32), "valid": none, "test": none},
        male_probability=None,
        origin=ORIGIN,
    ).save(folder)


EIGHT = text(NIETZSCHE, 8, 1, "last")
SEQUENCES = text(NIETZSCHE, 8, 8, "every")
SONGS = text(LYRICS, 35, 35, "every", "sequential")
LYRICS_EPOCH = (10_000 // 32 - 1) // 35
WINDOWS = int(0.8 * LENGTH)
ONE_LAYER = ("first.rnn", "rnn")

WORKLOADS = {
    "Char3": Workload(
        "nietzsche_char3/lecture",
        lambda: plain.Char3(NIETZSCHE, 42, 256),
        text(NIETZSCHE, 3, 3, "last"),
        LENGTH // 3 // 512,
        512,
    ),
    "CharLoop": Workload(
        "nietzsche_loop/lecture",
        lambda: plain.CharLoop(NIETZSCHE, 42, 256),
        EIGHT,
        WINDOWS // 512,
        512,
    ),
    "CharLoopConcat": Workload(
        "nietzsche_concat/lecture",
        lambda: plain.CharLoopConcat(NIETZSCHE, 42, 256),
        EIGHT,
        WINDOWS // 512,
        512,
    ),
    "CharRnn": Workload(
        "nietzsche_rnn/lecture",
        lambda: plain.CharRnn(NIETZSCHE, 42, 256),
        EIGHT,
        WINDOWS // 512,
        512,
    ),
    "CharSeqRnn": Workload(
        "nietzsche_seq/lecture",
        lambda: plain.CharSeqRnn(NIETZSCHE, 42, 256),
        SEQUENCES,
        WINDOWS // 8 // 512,
        512,
    ),
    "names GRU": Workload(
        "names_gated/gru",
        lambda: plain.NamesGru(NAMES, 256, 128, 2),
        names,
        NAMES_IN_TRAINING // 1024,
        1024,
    ),
    "GRU from scratch": Workload(
        "lyrics_gru_scratch/lecture", lambda: plain.Gru(LYRICS, 256), SONGS, LYRICS_EPOCH, 32
    ),
    "LSTM from scratch": Workload(
        "lyrics_lstm_scratch/lecture", lambda: plain.Lstm(LYRICS, 256), SONGS, LYRICS_EPOCH, 32
    ),
    "nn.GRU": Workload(
        "lyrics_gru/lecture",
        lambda: plain.Concise("gru", LYRICS, 256),
        SONGS,
        LYRICS_EPOCH,
        32,
        ONE_LAYER,
    ),
    "nn.LSTM": Workload(
        "lyrics_lstm/lecture",
        lambda: plain.Concise("lstm", LYRICS, 256),
        SONGS,
        LYRICS_EPOCH,
        32,
        ONE_LAYER,
    ),
}


@dataclass(frozen=True)
class Pair:
    """A workload with its data and two networks of the same weights."""

    task: Task
    training: Descent
    ours: base.Model
    twin: nn.Module


def make(workload: Workload, folder: Path, batches: int, device: torch.device) -> Pair:
    """Make data and both networks, without dropout, so that they compute the same."""
    variant = config.load(folder=ROOT).find(workload.variant)
    training = variant.training
    assert isinstance(training, Descent)
    assert training.batch_size == workload.batch_size
    folder.mkdir(parents=True)
    workload.write(folder, batches * workload.batch_size)
    task = load(variant.task)(folder, device)
    spec = {**variant.model.model_dump(), "inputs": task.inputs, "outputs": task.outputs}
    if "dropout" in spec["settings"]:
        spec["settings"] = {**spec["settings"], "dropout": 0.0}
    torch.manual_seed(0)
    ours, twin = base.build(spec).to(device), workload.twin().to(device)
    twin.load_state_dict(
        {
            name.replace(*workload.renamed): fit_shape(weight, twin.state_dict(), name)
            for name, weight in ours.state_dict().items()
        }
    )
    return Pair(task, training, ours, twin)


def fit_shape(weight: Tensor, theirs: dict[str, Tensor], name: str) -> Tensor:
    """Return a copy; transpose an embedding table whose port is a linear layer on one-hot."""
    same = name not in theirs or theirs[name].shape == weight.shape
    return (weight if same else weight.T).clone()
