"""Classification: one label per sequence."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from recurrent.data.names.batches import of_equal_length
from recurrent.data.names.dataset import CLASSES, LabelledNames
from recurrent.models.base import Model, State
from recurrent.tasks.base import Batch, Predictions, WithoutText, to_device

SCORING_BATCH = 4096


class Classify(WithoutText):
    """Predict the class of a name. The names of a batch have one length, so nothing is padded."""

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
        rows = to_device(batch, self.device)
        return self.ids[rows, : self.data.lengths[batch[0]]], self.labels[rows].long()

    def carry(self, state: State) -> State:
        return None  # names are independent

    def whole_split(self, split: str) -> tuple[Tensor, Tensor]:
        rows = torch.from_numpy(self.data.splits[split])
        return self.ids.cpu()[rows], self.labels.cpu()[rows].long()

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(logits, targets)

    def score(self, model: Model, split: str) -> dict[str, float]:
        rows, log_prob = self.predictions(model, split)
        if not len(rows):
            return {}
        labels = self.data.labels[rows]
        return {
            "loss": float(-log_prob[np.arange(len(rows)), labels].mean()),
            "accuracy": float((log_prob.argmax(axis=1) == labels).mean()),
        }

    @torch.inference_mode()
    def predictions(self, model: Model, split: str) -> Predictions:
        """Return the log-probability of each class for each name: (names, classes)."""
        model.eval()
        rows = self.data.splits[split]
        log_prob = np.empty((len(rows), self.outputs))
        for batch in self.batches(split, SCORING_BATCH):
            logits, _ = model(self.take(batch)[0])
            places = np.searchsorted(rows, batch)  # splits are sorted
            log_prob[places] = logits.double().log_softmax(dim=-1).cpu().numpy()
        return Predictions(rows, log_prob)

    def probe_batch(
        self, steps: int, count: int, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw names of one length: the longest with enough names, or else the most common one."""
        rows = self.data.splits["test"]
        lengths = self.data.lengths[rows]
        enough = [n for n in range(1, steps + 1) if (lengths == n).sum() >= count]
        length = max(enough, default=int(np.bincount(lengths).argmax()))
        rows = rows[lengths == length]
        return self.take(rng.choice(rows, size=min(count, len(rows)), replace=False))
