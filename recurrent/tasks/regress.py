"""How much, given a row of categories: the logarithm, as a share of the largest one trained on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from recurrent.data.sales.dataset import Table
from recurrent.data.text.windows import shuffled
from recurrent.errors import PipelineError
from recurrent.experiments import Samples
from recurrent.models.base import Model, State
from recurrent.tasks.base import Answers, Batch, moved

SCORING_BATCH = 8192


class Regress:
    """What did a row measure?"""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.data, self.device = Table.load(folder), device
        self.about = self.data.about()
        self.inputs, self.outputs = len(self.about["vocabulary"]) + 1, 1
        self.scale: float = self.about["scale"]
        rows = self.data.ids.astype(np.int64) if self.data.vectors is None else self.data.vectors
        self.rows = torch.from_numpy(rows).to(device)
        shares = np.log(self.data.values) / self.scale
        self.shares = torch.from_numpy(shares.astype(np.float32)).to(device)

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        return shuffled(self.data.splits[split], size, rng)

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        chosen = moved(batch, self.device)
        return self.rows[chosen], self.shares[chosen]

    def carry(self, state: State) -> State:
        return None  # one row says nothing of the next

    def everything(self, split: str) -> tuple[Tensor, Tensor]:
        rows = torch.from_numpy(self.data.splits[split])
        return self.rows.cpu()[rows], self.shares.cpu()[rows]

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.l1_loss(logits[:, 0], targets)

    def score(self, model: Model, split: str) -> dict[str, float]:
        rows, said = self.answers(model, split)
        if not len(rows):
            return {}
        values = self.data.values[rows]
        return {
            "loss": float(np.abs(np.log(said) - np.log(values)).mean() / self.scale),
            "mape": float((np.abs(said - values) / values).mean()),
        }

    @torch.inference_mode()
    def answers(self, model: Model, split: str) -> Answers:
        """What was measured, as far as the model can tell."""
        model.eval()
        rows = self.data.splits[split]
        found = [model(self.take(batch)[0])[0] for batch in self.batches(split, SCORING_BATCH)]
        shares = torch.cat(found).double().cpu().numpy()[:, 0] if found else np.empty(0)
        return Answers(rows, np.exp(shares * self.scale))

    def samples(self, model: Model, wanted: Samples) -> Mapping[str, str]:
        raise PipelineError(
            "a model of numbers continues no text.",
            where="params.yaml: experiments",
            remedy="Remove `samples` there.",
        )

    def questions(self, steps: int, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        raise PipelineError(
            "a table has no steps to look back through.",
            where="params.yaml: probes",
            remedy="Name experiments on names or texts.",
        )
