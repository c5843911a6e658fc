"""What a model is asked: how a dataset becomes batches, what the loss is, how answers score."""

from collections.abc import Callable, Iterator
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


class Task(Protocol):
    """All that the training loop knows of data."""

    device: torch.device
    inputs: int  # characters in the vocabulary
    outputs: int  # answers to choose from
    about: dict[str, Any]  # what a trained model must know of its data: vocabulary, origin

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Inputs and targets on the device, in random order if `rng` is given."""

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
    ) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in of_equal_length(self.data.splits[split], self.data.lengths, size, rng):
            chosen = torch.from_numpy(rows).to(self.device)
            yield self.ids[chosen, : self.data.lengths[rows[0]]], self.labels[chosen]

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
        split_rows = self.data.splits[split]
        table = np.empty((len(self.data.labels), self.outputs))
        batches = of_equal_length(split_rows, self.data.lengths, SCORING_BATCH)
        for rows, (ids, _) in zip(batches, self.batches(split, SCORING_BATCH), strict=True):
            table[rows] = model(ids)[0].double().log_softmax(dim=-1).cpu().numpy()
        return table[split_rows]


TASKS: dict[str, Callable[[Path, torch.device], Task]] = {"classify": Classify}
