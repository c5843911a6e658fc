"""The optimisers by name, and the rate that they follow."""

import math
from collections.abc import Callable
from functools import partial

import torch

from recurrent.errors import PipelineError
from recurrent.experiments import Descent

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": partial(torch.optim.SGD, fused=True),
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
}


def optimizer_of(model: torch.nn.Module, training: Descent, name: str) -> torch.optim.Optimizer:
    """What moves this model's weights, as the training asks."""
    weights = [*model.parameters()]
    if not weights:
        raise PipelineError(
            f"{type(model).__name__} has no weights to descend with.",
            where=f"params.yaml: experiments.{name}.training",
            remedy="Give it `kind: closed_form`.",
        )
    return OPTIMIZERS[training.optimizer](
        weights, lr=rate_at(training, 0), weight_decay=training.weight_decay
    )


def set_rate(optimizer: torch.optim.Optimizer, training: Descent, epochs: float) -> None:
    """The rate of the next step, once so many epochs, and fractions of one, are done."""
    for group in optimizer.param_groups:
        group["lr"] = rate_at(training, epochs)


def rate_at(training: Descent, epochs: float) -> float:
    """The rate once so many epochs, and fractions of one, are done."""
    if isinstance(training.rate, tuple):
        return training.rate[int(epochs)]
    if training.schedule == "constant":
        return training.rate
    return training.rate * (1 + math.cos(math.pi * epochs / training.total)) / 2
