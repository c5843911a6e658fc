"""Language modelling: predict the next token (a character or a word) of a running text."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from recurrent.common.config import Samples
from recurrent.common.errors import PipelineError
from recurrent.data.text.dataset import RunningText
from recurrent.data.text.windows import Stretch, covering
from recurrent.models.base import Model, State, detach
from recurrent.tasks.base import Batch, Predictions, to_device
from recurrent.tasks.generation import Choice, Generator, greedy

SCORING_WINDOWS = 2048  # per batch
SCORING_ROWS, SCORING_STEPS, WARM_UP = 32, 64, 128  # for stateful models


class NextToken:
    """Predict the token after each step of a window, or only after its last step.

    Windows are independent and shuffled, or rows continue from batch to batch with their state.
    """

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.data, self.device = RunningText.load(folder), device
        self.inputs = self.outputs = len(self.data.vocabulary)
        self.about = self.data.about()
        self.ids = torch.from_numpy(self.data.ids.astype(np.int64)).to(device)
        # A view: row i starts at token i of the text. No window is copied.
        self.windows = self.ids.unfold(0, self.data.window + 1, 1)
        self.stateful = self.data.stateful
        self.last_only = self.data.targets == "last"

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        return self.data.batches(split, size, rng)

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        windows = self.windows[to_device(batch, self.device)]
        return windows[:, :-1], windows[:, -1] if self.last_only else windows[:, 1:]

    def carry(self, state: State) -> State:
        return detach(state) if self.stateful else None

    def whole_split(self, split: str) -> tuple[Tensor, Tensor]:
        if self.data.stretches is None:
            raise PipelineError(
                "a model with `method: fit` reads one stretch of text, but the windows of this "
                "dataset are split at random.",
                where="params.yaml: datasets",
                remedy="Set `split: contiguous`.",
            )
        first, stop = self.data.stretches[split]
        stretch = self.ids[first:stop].cpu()
        return stretch[None, :-1], stretch[None, 1:]

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(self._predicting(logits).flatten(0, -2), targets.flatten())

    def score(self, model: Model, split: str) -> dict[str, float]:
        positions, log_prob = self.predictions(model, split)
        return {"loss": float(-log_prob.mean())} if len(positions) else {}

    @torch.inference_mode()
    def predictions(self, model: Model, split: str) -> Predictions:
        """Return the log-probability of each token of a split that has a prediction."""
        model.eval()
        log_prob = np.zeros(len(self.data.ids))
        mask = np.zeros(len(self.data.ids), dtype=bool)  # which of them are predicted
        if self.stateful and self.data.stretches and len(self.data.starts[split]):
            self._score_stretch(model, self.data.stretches[split], log_prob, mask)
        elif not self.stateful:
            for batch in self.batches(split, SCORING_WINDOWS):
                ids, targets = self.take(batch)
                logits, _ = model(ids)
                last = batch + self.data.window
                positions = (
                    last if self.last_only else last[:, None] + np.arange(1 - self.data.window, 1)
                )
                log_prob[positions] = log_prob_of(self._predicting(logits), targets)
                mask[positions] = True
        return Predictions(np.flatnonzero(mask).astype(np.int32), log_prob[mask])

    def samples(self, model: Model, wanted: Samples, choose: Choice = greedy) -> Mapping[str, str]:
        """Generate text; by default greedily, as the lectures do."""
        generator = Generator(
            model, self.data.vocabulary, self.data.window, self.stateful, self.device
        )
        return {
            prefix: prefix + "".join(generator.generate(prefix, wanted.length, choose))
            for prefix in wanted.prefixes
        }

    def probe_batch(
        self, steps: int, count: int, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw stretches of the text that results are measured on."""
        whole = (0, len(self.data.ids))
        first, stop = (self.data.stretches or {}).get(self.data.measured, whole)
        steps = min(steps, stop - first - 1)
        starts = rng.integers(first, stop - steps, size=count)
        drawn = self.ids.unfold(0, steps + 1, 1)[torch.from_numpy(starts).to(self.device)]
        return drawn[:, :-1], drawn[:, -1]

    def _predicting(self, logits: Tensor) -> Tensor:
        """Return the logits that have a target: those of the last step, or of all steps."""
        if logits.dim() == 2 and not self.last_only:
            raise PipelineError(
                "the model predicts once per window, but its dataset has a target at every step.",
                where="params.yaml: experiments",
                remedy="Use a dataset with `targets: last`.",
            )
        return logits[:, -1] if self.last_only and logits.dim() == 3 else logits

    def _score_stretch(
        self,
        model: Model,
        stretch: Stretch,
        log_prob: NDArray[np.float64],
        mask: NDArray[np.bool],
    ) -> None:
        """Fill in the log-probabilities of a stretch, which is read in rows after a warm-up."""
        rows = min(SCORING_ROWS, stretch[1] - stretch[0])
        starts, length = covering(stretch, rows, WARM_UP)
        positions = starts[:, None] + np.arange(length + 1)
        found = np.empty((rows, length))
        state: State = None
        for first in range(0, length, SCORING_STEPS):
            steps = slice(first, first + SCORING_STEPS)
            ids, targets = (
                self.ids[torch.from_numpy(positions[:, part][:, steps]).to(self.device)]
                for part in (slice(0, -1), slice(1, None))
            )
            logits, state = model(ids, state)
            found[:, steps] = log_prob_of(self._predicting(logits), targets)
        for row in reversed(range(rows)):  # where two rows overlap, the earlier one has read more
            log_prob[positions[row, 1:]], mask[positions[row, 1:]] = found[row], True
        mask[: stretch[0]] = False  # the warm-up


def log_prob_of(logits: Tensor, targets: Tensor) -> NDArray[np.float64]:
    """Return the log-probability of each target."""
    logs = logits.double().log_softmax(dim=-1)
    found: NDArray[np.float64] = logs.gather(-1, targets[..., None])[..., 0].cpu().numpy()
    return found
