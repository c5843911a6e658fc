"""What every task is: all that the training loop and the evaluation know of data."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recurrent.errors import PipelineError
from recurrent.experiments import Samples
from recurrent.models.base import Model, State

Batch = NDArray[np.int32]  # numbers of records, or places in a text


class Answers(NamedTuple):
    """What a model said of a split, record by record, in an order that is the same each time."""

    records: NDArray[np.int32]  # which record each row answers for
    said: NDArray[np.float64]  # ln of what each class got (records, classes), or what was right


class Task(Protocol):
    """A dataset on a device, and the question that a model answers on it."""

    device: torch.device
    inputs: int  # characters in the vocabulary
    outputs: int  # answers to choose from
    about: dict[str, Any]  # what a trained model must know of its data: vocabulary, origin
    data: Any  # the dataset itself, as the encoder wrote it

    def batches(
        self, split: str, size: int, rng: np.random.Generator | None = None
    ) -> Sequence[Batch]:
        """The records of each batch, in random order if `rng` is given."""

    def take(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a batch, on the device."""

    def carry(self, state: State) -> State:
        """What the next batch starts from, given the state at the end of this one."""

    def everything(self, split: str) -> tuple[Tensor, Tensor]:
        """A whole split at once, on the CPU, for models with a closed form."""

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch."""

    def score(self, model: Model, split: str) -> dict[str, float]:
        """What to watch while training, measured on one split; nothing where it is empty."""

    def answers(self, model: Model, split: str) -> Answers:
        """What a model says of every record of a split."""

    def samples(self, model: Model, wanted: Samples) -> Mapping[str, str]:
        """What a model makes of each prefix."""

    def questions(self, steps: int, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Inputs of so many steps, or of as many as there are, and the answer after the last."""


def moved(batch: Batch, device: torch.device) -> Tensor:
    """The numbers on the device; from pinned memory, so that a GPU's work is not waited for."""
    numbers = torch.from_numpy(batch)
    if device.type == "cpu":
        return numbers
    return numbers.pin_memory().to(device, non_blocking=True)


def load(name: str) -> Callable[[Path, torch.device], Task]:
    """The task in recurrent/tasks/<name>.py: its class has the module's name in capitals."""
    kind = "".join(part.capitalize() for part in name.split("_"))
    try:
        found = vars(import_module(f"recurrent.tasks.{name}")).get(kind)
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"there is no recurrent/tasks/{name}.py ({fault}).", where="params.yaml: experiments"
        ) from fault
    if not callable(found):
        raise PipelineError(f"recurrent/tasks/{name}.py has no class {kind}.")
    return cast(Callable[[Path, torch.device], Task], found)
