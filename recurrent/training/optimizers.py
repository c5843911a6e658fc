"""The optimisers by name, and their learning rate."""

import math
from collections.abc import Callable
from functools import partial

import torch

from recurrent.common.config import Descent
from recurrent.common.errors import PipelineError

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": partial(torch.optim.SGD, fused=True),
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
}


def make_optimizer(model: torch.nn.Module, training: Descent, name: str) -> torch.optim.Optimizer:
    """Return the optimiser for a model's weights."""
    weights = [*model.parameters()]
    if not weights:
        raise PipelineError(
            f"{type(model).__name__} has no weights, so gradient descent cannot train it.",
            where=f"params.yaml: experiments.{name}.training",
            remedy="Set `method: fit`.",
        )
    return OPTIMIZERS[training.optimizer](
        weights, lr=learning_rate(training, 0), weight_decay=training.weight_decay
    )


def set_learning_rate(
    optimizer: torch.optim.Optimizer, training: Descent, epochs_done: float
) -> None:
    """Set the learning rate of the next step, `epochs_done` epochs after the start."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(training, epochs_done)


def learning_rate(training: Descent, epochs_done: float) -> float:
    """Return the learning rate after this many epochs, fractions included."""
    if isinstance(training.learning_rate, tuple):
        return training.learning_rate[int(epochs_done)]
    if training.schedule == "constant":
        return training.learning_rate
    return training.learning_rate * (1 + math.cos(math.pi * epochs_done / training.epochs)) / 2
