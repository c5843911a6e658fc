"""Regression: predict a number from a row of categories.

The target is the number's logarithm, divided by the largest logarithm of the training rows.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.data.sales.dataset import Table
from recurrent.data.text.windows import shuffled
from recurrent.models.base import Model, State
from recurrent.tasks.base import Batch, Predictions, WithoutText, to_device

SCORING_BATCH = 8192


class Regress(WithoutText):
    """Predict the value of each row of a table."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.data, self.device = Table.load(folder), device
        self.about = self.data.about()
        self.inputs, self.outputs = len(self.about["vocabulary"]) + 1, 1
        self.scale: float = self.about["scale"]
        rows = self.data.ids.astype(np.int64) if self.data.vectors is None else self.data.vectors
        self.rows = torch.from_numpy(rows).to(device)
        targets = np.log(self.data.values) / self.scale
        self.targets = torch.from_numpy(targets.astype(np.float32)).to(device)

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        return shuffled(self.data.splits[split], size, rng)

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        rows = to_device(batch, self.device)
        return self.rows[rows], self.targets[rows]

    def carry(self, state: State) -> State:
        return None  # rows are independent

    def whole_split(self, split: str) -> tuple[Tensor, Tensor]:
        rows = torch.from_numpy(self.data.splits[split])
        return self.rows.cpu()[rows], self.targets.cpu()[rows]

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.l1_loss(logits[:, 0], targets)

    def score(self, model: Model, split: str) -> dict[str, float]:
        rows, predicted = self.predictions(model, split)
        if not len(rows):
            return {}
        values = self.data.values[rows]
        return {
            "loss": float(np.abs(np.log(predicted) - np.log(values)).mean() / self.scale),
            "mape": float((np.abs(predicted - values) / values).mean()),
        }

    @torch.inference_mode()
    def predictions(self, model: Model, split: str) -> Predictions:
        """Return the predicted value of each row, in the unit of the data."""
        model.eval()
        rows = self.data.splits[split]
        outputs = [model(self.take(batch)[0])[0] for batch in self.batches(split, SCORING_BATCH)]
        targets = torch.cat(outputs).double().cpu().numpy()[:, 0] if outputs else np.empty(0)
        return Predictions(rows, np.exp(targets * self.scale))

    def probe_batch(
        self, steps: int, count: int, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        raise PipelineError(
            "a table has no time steps to examine.",
            where="params.yaml: examined",
            remedy="Name variants that are trained on names or text.",
        )
