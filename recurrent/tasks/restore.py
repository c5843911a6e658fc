"""Restoration: some characters of a window are hidden, and the model predicts them.

A model may read the text after a gap, so bidirectional networks are legitimate here.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.data.text.dataset import RunningText
from recurrent.data.text.windows import Starts, shuffled
from recurrent.models.base import Model, State
from recurrent.tasks.base import Batch, Predictions, WithoutText, to_device

HIDDEN = 0  # padding stands for a hidden character
EVERY = 7  # one character in seven is hidden at a time
SCORING_WINDOWS = 256


class Restore(WithoutText):
    """Predict hidden characters. A batch holds each window's start and the steps hidden in it."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.data, self.device = RunningText.load(folder), device
        if self.data.targets == "last":
            raise PipelineError(
                "any character of a window may be hidden, but the dataset has targets for the "
                "last one only.",
                where="params.yaml: experiments",
                remedy="Use a dataset with `targets: every`.",
            )
        self.inputs = self.outputs = len(self.data.vocabulary)
        self.about = self.data.about()
        self.ids = torch.from_numpy(self.data.ids.astype(np.int64)).to(device)
        self.windows = self.ids.unfold(0, self.data.window, 1)  # a view: row i starts at i

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        """Hide random steps of each window; without `rng`, hide each step once."""
        starts = shuffled(self.data.starts[split], size, rng)
        window = self.data.window
        if rng is None:
            return [rows for batch in starts for rows in hide_each_once(batch, window)]
        count = max(1, window // EVERY)
        return [
            np.column_stack([batch, steps[:, :count]]).astype(np.int32)
            for batch in starts
            for steps in [rng.random((len(batch), window)).argsort(axis=1)]
        ]

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return windows with hidden characters; a target is a hidden step and its character."""
        rows = to_device(batch, self.device).long()
        windows, hidden = self.windows[rows[:, 0]], rows[:, 1:]
        targets = torch.stack([hidden, windows.gather(1, hidden)], dim=2)
        return windows.scatter(1, hidden, HIDDEN), targets

    def carry(self, state: State) -> State:
        return None  # windows are independent

    def whole_split(self, split: str) -> tuple[Tensor, Tensor]:
        raise PipelineError(
            "models with `method: fit` cannot restore characters.",
            where="params.yaml: experiments",
            remedy="Set `method: descent`.",
        )

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(at_hidden(logits, targets), targets[..., 1].flatten())

    def score(self, model: Model, split: str) -> dict[str, float]:
        positions, log_prob = self.predictions(model, split)
        if not len(positions):
            return {}
        characters = self.data.ids[positions]
        return {
            "loss": float(-log_prob[np.arange(len(positions)), characters].mean()),
            "restored": float((log_prob.argmax(axis=1) == characters).mean()),
        }

    @torch.inference_mode()
    def predictions(self, model: Model, split: str) -> Predictions:
        """Return the log-probability of all characters at each position while it is hidden."""
        model.eval()
        positions: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        log_prob = [np.zeros((0, self.outputs))]
        for batch in self.batches(split, SCORING_WINDOWS):
            ids, targets = self.take(batch)
            logits = at_hidden(model(ids)[0], targets).double()
            logits[:, HIDDEN] = -torch.inf  # never padding
            log_prob.append(logits.log_softmax(dim=-1).cpu().numpy())
            starts, steps = batch[:, :1], batch[:, 1:]
            positions.append((starts + steps).flatten())
        records = np.concatenate(positions)
        order = np.argsort(records, kind="stable")
        return Predictions(records[order].astype(np.int32), np.concatenate(log_prob)[order])

    def probe_batch(
        self, steps: int, count: int, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        raise PipelineError(
            "hidden characters may be anywhere in a window: no token follows them.",
            where="params.yaml: examined",
            remedy="Name variants with another task.",
        )


def at_hidden(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the logits at the hidden steps, window by window: (hidden, characters)."""
    if logits.dim() == 2:
        raise PipelineError(
            "the model predicts once per window, but any of its characters may be hidden.",
            where="params.yaml: experiments",
            remedy="Use a model that predicts at every step.",
        )
    # We avoid `gather`: its deterministic backward pass on CUDA waits for the GPU.
    rows = torch.arange(len(logits), device=logits.device)[:, None]
    return logits[rows, targets[..., 0]].flatten(0, 1)


def hide_each_once(starts: Starts, window: int) -> Iterator[Batch]:
    """Yield the windows repeatedly, with other steps hidden, until each was hidden once."""
    for first in range(min(EVERY, window)):
        steps = np.arange(first, window, EVERY, dtype=np.int32)
        yield np.column_stack([starts, np.tile(steps, (len(starts), 1))])
