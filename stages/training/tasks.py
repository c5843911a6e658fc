"""What a model is asked: how a dataset becomes batches, what the loss is, how answers score."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from stages.models.contract import Model
from stages.text.batches import of_equal_length
from stages.text.labelled import CLASSES, LabelledNames

SCORING_BATCH = 4096
Rows = NDArray[np.int32]  # numbers of records


class Task(Protocol):
    """All that the training loop knows of data."""

    device: torch.device
    inputs: int  # characters in the vocabulary
    outputs: int  # answers to choose from
    about: dict[str, Any]  # what a trained model must know of its data: vocabulary, origin

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Rows]:
        """The rows of each batch, in random order if `rng` is given."""

    def take(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a batch, on the device."""

    def everything(self, split: str) -> tuple[Tensor, Tensor]:
        """A whole split at once, on the CPU, for models with a closed form."""

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch."""

    def score(self, model: Model, split: str) -> dict[str, float]:
        """What to watch while training, measured on one split; nothing where it is empty."""


class Classify:
    """One label a sequence. Batches hold sequences of one length, so that nothing is padded."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.data, self.device = LabelledNames.load(folder), device
        self.inputs, self.outputs = len(self.data.vocabulary), len(CLASSES)
        self.about = self.data.about()
        self.ids = torch.from_numpy(self.data.ids.astype(np.int64)).to(device)
        self.labels = torch.from_numpy(self.data.labels.astype(np.int64)).to(device)

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Rows]:
        return of_equal_length(self.data.splits[split], self.data.lengths, size, rng)

    def take(self, rows: Rows) -> tuple[Tensor, Tensor]:
        chosen = torch.from_numpy(rows).to(self.device)
        return self.ids[chosen, : self.data.lengths[rows[0]]], self.labels[chosen]

    def everything(self, split: str) -> tuple[Tensor, Tensor]:
        rows = torch.from_numpy(self.data.splits[split])
        return self.ids.cpu()[rows], self.labels.cpu()[rows]

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(logits, targets)

    def score(self, model: Model, split: str) -> dict[str, float]:
        rows = self.data.splits[split]
        if not len(rows):
            return {}
        table, labels = self.log_probabilities(model, split), self.data.labels[rows]
        return {
            "loss": float(-table[np.arange(len(rows)), labels].mean()),
            "accuracy": float((table.argmax(axis=1) == labels).mean()),
        }

    @torch.inference_mode()
    def log_probabilities(self, model: Model, split: str) -> NDArray[np.float64]:
        """ln of what the model gives each class for each record, in the split's order."""
        model.eval()
        table = np.empty((len(self.data.labels), self.outputs))
        for rows in self.batches(split, SCORING_BATCH):
            logits, _ = model(self.take(rows)[0])
            table[rows] = logits.double().log_softmax(dim=-1).cpu().numpy()
        return table[self.data.splits[split]]


TASKS: dict[str, Callable[[Path, torch.device], Task]] = {"classify": Classify}
