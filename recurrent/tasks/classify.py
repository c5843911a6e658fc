"""One label a sequence. Batches hold sequences of one length, so that nothing is padded."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from recurrent.data.names.batches import of_equal_length
from recurrent.data.names.dataset import CLASSES, LabelledNames
from recurrent.errors import PipelineError
from recurrent.experiments import Samples
from recurrent.models.base import Model, State
from recurrent.tasks.base import Answers, Batch, moved

SCORING_BATCH = 4096


class Classify:
    """Which class does a sequence belong to?"""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.data, self.device = LabelledNames.load(folder), device
        self.inputs, self.outputs = len(self.data.vocabulary), len(CLASSES)
        self.about = self.data.about()
        self.ids = torch.from_numpy(self.data.ids.astype(np.int32)).to(device)
        self.labels = torch.from_numpy(self.data.labels).to(device)

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        return of_equal_length(self.data.splits[split], self.data.lengths, size, rng)

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        chosen = moved(batch, self.device)
        return self.ids[chosen, : self.data.lengths[batch[0]]], self.labels[chosen].long()

    def carry(self, state: State) -> State:
        return None  # one record says nothing of the next

    def everything(self, split: str) -> tuple[Tensor, Tensor]:
        rows = torch.from_numpy(self.data.splits[split])
        return self.ids.cpu()[rows], self.labels.cpu()[rows].long()

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(logits, targets)

    def score(self, model: Model, split: str) -> dict[str, float]:
        rows, table = self.answers(model, split)
        if not len(rows):
            return {}
        labels = self.data.labels[rows]
        return {
            "loss": float(-table[np.arange(len(rows)), labels].mean()),
            "accuracy": float((table.argmax(axis=1) == labels).mean()),
        }

    @torch.inference_mode()
    def answers(self, model: Model, split: str) -> Answers:
        """ln of what the model gives each class for each record."""
        model.eval()
        rows = self.data.splits[split]
        table = np.empty((len(rows), self.outputs))
        for batch in self.batches(split, SCORING_BATCH):
            logits, _ = model(self.take(batch)[0])
            places = np.searchsorted(rows, batch)  # splits are sorted
            table[places] = logits.double().log_softmax(dim=-1).cpu().numpy()
        return Answers(rows, table)

    def samples(self, model: Model, wanted: Samples) -> Mapping[str, str]:
        raise PipelineError(
            "a classifier continues no text.",
            where="params.yaml: experiments",
            remedy="Remove `samples` there.",
        )

    def questions(self, steps: int, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        rows = self.data.splits["test"]
        lengths = self.data.lengths[rows]
        enough = [n for n in range(1, steps + 1) if (lengths == n).sum() >= count]
        longest = max(enough, default=int(np.bincount(lengths).argmax()))
        alike = rows[lengths == longest]
        return self.take(rng.choice(alike, size=min(count, len(alike)), replace=False))
