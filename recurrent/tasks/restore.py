"""Which character stood here? Some characters of a window are hidden, and what is left says.

What follows a gap is given, so a network that reads from both sides cheats nobody here.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from recurrent.data.text.dataset import RunningText
from recurrent.data.text.windows import shuffled
from recurrent.errors import PipelineError
from recurrent.experiments import Samples
from recurrent.models.base import Model, State
from recurrent.tasks.base import Answers, Batch, moved

HIDDEN = 0  # padding is no character: where one is hidden, it stands
EVERY = 7  # one character in so many is hidden at a time
SCORING_WINDOWS = 256


class Restore:
    """A batch is a row of numbers a window: where it begins, then which of its steps are hidden."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.data, self.device = RunningText.load(folder), device
        if self.data.targets == "last":
            raise PipelineError(
                "any character of a window may be hidden, and its dataset asks for the last alone.",
                where="params.yaml: experiments",
                remedy="Give it a dataset with `targets: every`.",
            )
        self.inputs = self.outputs = len(self.data.vocabulary)
        self.about = self.data.about()
        self.ids = torch.from_numpy(self.data.ids.astype(np.int64)).to(device)
        self.windows = self.ids.unfold(0, self.data.steps, 1)  # a view: row i begins at i

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        """Hidden are random steps of each window, or without `rng` those of `hidden_in_turn`."""
        begins = shuffled(self.data.begins[split], size, rng)
        steps = self.data.steps
        if rng is None:
            return [rows for batch in begins for rows in hidden_in_turn(batch, steps)]
        count = max(1, steps // EVERY)
        return [
            np.column_stack([batch, hidden[:, :count]]).astype(np.int32)
            for batch in begins
            for hidden in [rng.random((len(batch), steps)).argsort(axis=1)]
        ]

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        rows = moved(batch, self.device).long()
        whole, hidden = self.windows[rows[:, 0]], rows[:, 1:]
        targets = torch.stack([hidden, whole.gather(1, hidden)], dim=2)  # a step, its character
        return whole.scatter(1, hidden, HIDDEN), targets

    def carry(self, state: State) -> State:
        return None  # one window says nothing of the next

    def everything(self, split: str) -> tuple[Tensor, Tensor]:
        raise PipelineError(
            "no model with a closed form restores characters.",
            where="params.yaml: experiments",
            remedy="Give it `kind: descent`.",
        )

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(asked(logits, targets), targets[..., 1].flatten())

    def score(self, model: Model, split: str) -> dict[str, float]:
        places, table = self.answers(model, split)
        if not len(places):
            return {}
        right = self.data.ids[places]
        return {
            "loss": float(-table[np.arange(len(places)), right].mean()),
            "restored": float((table.argmax(axis=1) == right).mean()),
        }

    @torch.inference_mode()
    def answers(self, model: Model, split: str) -> Answers:
        """ln of what the model gives each character for each place, once hidden."""
        model.eval()
        places: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        tables = [np.zeros((0, self.outputs))]
        for batch in self.batches(split, SCORING_WINDOWS):
            ids, targets = self.take(batch)
            logits = asked(model(ids)[0], targets).double()
            logits[:, HIDDEN] = -torch.inf  # what stood there is a character
            tables.append(logits.log_softmax(dim=-1).cpu().numpy())
            begins, hidden = batch[:, :1], batch[:, 1:]
            places.append((begins + hidden).flatten())
        order = np.argsort(np.concatenate(places), kind="stable")
        return Answers(
            np.concatenate(places)[order].astype(np.int32), np.concatenate(tables)[order]
        )

    def samples(self, model: Model, wanted: Samples) -> Mapping[str, str]:
        raise PipelineError(
            "a model that restores characters continues no text.",
            where="params.yaml: experiments",
            remedy="Remove `samples` there.",
        )

    def questions(self, steps: int, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        raise PipelineError(
            "what is hidden is asked anywhere in a window, not after it.",
            where="params.yaml: probes",
            remedy="Name experiments with another task there.",
        )


def asked(logits: Tensor, targets: Tensor) -> Tensor:
    """The logits where characters are hidden, window by window: (hidden, characters)."""
    if logits.dim() == 2:
        raise PipelineError(
            "the model answers once a window, and any character of it may be hidden.",
            where="params.yaml: experiments",
            remedy="Give it a model that answers at every step.",
        )
    steps = targets[..., :1].expand(-1, -1, logits.shape[-1])
    return logits.gather(1, steps).flatten(0, 1)


def hidden_in_turn(begins: Batch, steps: int) -> Iterator[Batch]:
    """The windows again and again, with other steps hidden, until each one was hidden once."""
    for first in range(min(EVERY, steps)):
        hidden = np.arange(first, steps, EVERY, dtype=np.int32)
        yield np.column_stack([begins, np.tile(hidden, (len(begins), 1))])
