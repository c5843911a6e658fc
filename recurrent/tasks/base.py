"""The contract of every task: everything that training and evaluation know about data."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recurrent.common.config import Samples
from recurrent.common.errors import PipelineError
from recurrent.models.base import Model, State
from recurrent.tasks.generation import Choice, greedy

Batch = NDArray[np.int32]  # row numbers, or positions in a text


class Predictions(NamedTuple):
    """What a model predicts for each record of a split, in a fixed order."""

    records: NDArray[np.int32]  # row numbers, or positions in a text
    # Log-probabilities of all classes (records, classes) or of the true one (records,), in nats;
    # in regression, the predicted numbers (records,).
    values: NDArray[np.float64]


class Task(Protocol):
    """A dataset on a device, and what a model learns on it."""

    device: torch.device
    inputs: int  # size of the vocabulary, with padding
    outputs: int  # number of classes
    about: dict[str, Any]  # what a trained model must know about its data
    data: Any  # the dataset

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        """Return the records of each batch, in random order if `rng` is given."""

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the inputs and targets of a batch, on the device."""

    def carry(self, state: State) -> State:
        """Return the state with which the next batch starts, given the state after this one."""

    def whole_split(self, split: str) -> tuple[Tensor, Tensor]:
        """Return all inputs and targets of a split, on the CPU, for models with `fit`."""

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of a batch."""

    def score(self, model: Model, split: str) -> dict[str, float]:
        """Return the metrics to monitor during training; no metrics if the split is empty."""

    def predictions(self, model: Model, split: str) -> Predictions:
        """Return what a model predicts for every record of a split."""

    def samples(self, model: Model, wanted: Samples, choose: Choice = greedy) -> Mapping[str, str]:
        """Return the text that a model generates from each prefix, prefix included."""

    def probe_batch(
        self, steps: int, count: int, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw inputs (count, steps) and the target that follows the last step.

        There are fewer steps if the data are shorter. Studies follow gradients back from the
        target.
        """


class WithoutText:
    """A task whose models cannot generate text."""

    def samples(self, model: Model, wanted: Samples, choose: Choice = greedy) -> Mapping[str, str]:
        """Refuse to generate text."""
        raise PipelineError(
            "models of this task cannot generate text.",
            where="params.yaml: experiments",
            remedy="Remove `samples`.",
        )


def to_device(batch: Batch, device: torch.device) -> Tensor:
    """Copy record numbers to the device, to a GPU without waiting for it."""
    records = torch.from_numpy(batch)
    if device.type == "cpu":
        return records
    return records.pin_memory().to(device, non_blocking=True)


def load(name: str) -> Callable[[Path, torch.device], Task]:
    """Return the class of a task: `next_token` is NextToken in recurrent/tasks/next_token.py."""
    class_name = "".join(part.capitalize() for part in name.split("_"))
    try:
        found = vars(import_module(f"recurrent.tasks.{name}")).get(class_name)
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"there is no recurrent/tasks/{name}.py ({fault}).", where="params.yaml: experiments"
        ) from fault
    if not callable(found):
        raise PipelineError(f"recurrent/tasks/{name}.py has no class {class_name}.")
    return cast(Callable[[Path, torch.device], Task], found)
