"""Identity and callbacks of a training run."""

from collections.abc import Callable
from dataclasses import dataclass

from recurrent.common.config import Samples
from recurrent.tracking.history import Finding, Row
from recurrent.training.checkpoint import Checkpoint


def ignore(_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Callbacks:
    """A run's name and seed, and the functions to call as it progresses.

    Random numbers derive from `name` and `seed`. Variants of one experiment share both, so only
    their settings differ.
    """

    name: str  # of the experiment
    seed: int
    checkpoint: Checkpoint
    epoch: Callable[[Row], None] = ignore
    gradients: Callable[[list[Row]], None] = ignore  # the recorded steps of an epoch
    findings: Callable[[list[Finding]], None] = ignore  # all findings so far
    samples: Samples | None = None  # text to generate during training
