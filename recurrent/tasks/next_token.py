"""Which character comes next? Windows on one text, or rows of it read on with their state."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from recurrent.data.text.dataset import RunningText
from recurrent.data.text.windows import covering
from recurrent.errors import PipelineError
from recurrent.experiments import Samples
from recurrent.models.base import Model, State, detached
from recurrent.tasks.base import Answers, Batch, moved
from recurrent.tasks.generation import Writer, greedy

SCORING_WINDOWS = 2048  # at once
SCORING_ROWS, SCORING_STEPS, WARM = 32, 64, 128  # of a text that is read on


class NextCharacter:
    """The loss of a character is -ln of what the model gave it: nats."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.data, self.device = RunningText.load(folder), device
        self.inputs = self.outputs = len(self.data.vocabulary)
        self.about = self.data.about()
        self.ids = torch.from_numpy(self.data.ids.astype(np.int64)).to(device)
        # A view on the one text: row i begins at character i. No window is ever stored.
        self.windows = self.ids.unfold(0, self.data.steps + 1, 1)
        self.reads_on = self.data.reads_on
        self.last_only = self.data.targets == "last"

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        return self.data.batches(split, size, rng)

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        chosen = self.windows[moved(batch, self.device)]
        return chosen[:, :-1], chosen[:, -1] if self.last_only else chosen[:, 1:]

    def carry(self, state: State) -> State:
        return detached(state) if self.reads_on else None

    def everything(self, split: str) -> tuple[Tensor, Tensor]:
        if self.data.stretches is None:
            raise PipelineError(
                "a model with a closed form reads a stretch of text, and here windows are split "
                "one by one.",
                where="params.yaml: datasets",
                remedy="Give it a dataset with `split: contiguous`.",
            )
        first, end = self.data.stretches[split]
        stretch = self.ids[first:end].cpu()
        return stretch[None, :-1], stretch[None, 1:]

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(self._asked(logits).flatten(0, -2), targets.flatten())

    def score(self, model: Model, split: str) -> dict[str, float]:
        places, gave = self.answers(model, split)
        return {"loss": float(-gave.mean())} if len(places) else {}

    @torch.inference_mode()
    def answers(self, model: Model, split: str) -> Answers:
        """ln of what the model gave each character of a split that it was asked for."""
        model.eval()
        gave, asked = np.zeros(len(self.data.ids)), np.zeros(len(self.data.ids), dtype=bool)
        if self.reads_on and self.data.stretches and len(self.data.begins[split]):
            self._read_on(model, self.data.stretches[split], gave, asked)
        elif not self.reads_on:
            for batch in self.batches(split, SCORING_WINDOWS):
                ids, targets = self.take(batch)
                logits, _ = model(ids)
                last = batch + self.data.steps
                places = last if self.last_only else last[:, None] + np.arange(1 - ids.shape[1], 1)
                gave[places] = _log_probability(self._asked(logits), targets)
                asked[places] = True
        return Answers(np.flatnonzero(asked).astype(np.int32), gave[asked])

    def samples(self, model: Model, wanted: Samples) -> Mapping[str, str]:
        """The likeliest character again and again, as the lectures do."""
        writer = Writer(model, self.data.vocabulary, self.data.steps, self.reads_on, self.device)
        return {
            prefix: prefix + "".join(writer.write(prefix, wanted.length, greedy))
            for prefix in wanted.prefixes
        }

    def questions(self, steps: int, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        whole = (0, len(self.data.ids))
        first, end = (self.data.stretches or {}).get(self.data.measured, whole)
        steps = min(steps, end - first - 1)
        begins = rng.integers(first, end - steps, size=count)
        chosen = self.ids.unfold(0, steps + 1, 1)[torch.from_numpy(begins).to(self.device)]
        return chosen[:, :-1], chosen[:, -1]

    def _asked(self, logits: Tensor) -> Tensor:
        """Of a model that answers at every step, the last one where no other is asked for."""
        if logits.dim() == 2 and not self.last_only:
            raise PipelineError(
                "the model answers once a window, and its dataset asks at every step.",
                where="params.yaml: experiments",
                remedy="Give it a dataset with `targets: last`.",
            )
        return logits[:, -1] if self.last_only and logits.dim() == 3 else logits

    def _read_on(
        self,
        model: Model,
        stretch: tuple[int, int],
        gave: NDArray[np.float64],
        asked: NDArray[np.bool],
    ) -> None:
        rows = min(SCORING_ROWS, stretch[1] - stretch[0])
        begins, length = covering(stretch, rows, WARM)
        places = begins[:, None] + np.arange(length + 1)
        found = np.empty((rows, length))
        state: State = None
        for first in range(0, length, SCORING_STEPS):
            steps = slice(first, first + SCORING_STEPS)
            ids, targets = (
                self.ids[torch.from_numpy(places[:, side][:, steps]).to(self.device)]
                for side in (slice(0, -1), slice(1, None))
            )
            logits, state = model(ids, state)
            found[:, steps] = _log_probability(self._asked(logits), targets)
        for row in reversed(range(rows)):  # the earlier row, which knows more, has the last word
            gave[places[row, 1:]], asked[places[row, 1:]] = found[row], True
        asked[: stretch[0]] = False  # what was read to warm up


def _log_probability(logits: Tensor, targets: Tensor) -> NDArray[np.float64]:
    logs = logits.double().log_softmax(dim=-1)
    found: NDArray[np.float64] = logs.gather(-1, targets[..., None])[..., 0].cpu().numpy()
    return found
