"""Identity and callbacks of a training run."""

from collections.abc import Callable
from dataclasses import dataclass

from recurrent.config import Samples
from recurrent.tracking.history import Finding, Row
from recurrent.training.checkpoint import Checkpoint


def ignore(_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Callbacks:
    """What a run is called, and who hears of its progress.

    Random numbers derive from `name` and `seed`: variants of one experiment share them, so that
    they differ by their settings alone.
    """

    name: str  # of the experiment
    seed: int
    checkpoint: Checkpoint
    epoch: Callable[[Row], None] = ignore
    gradients: Callable[[list[Row]], None] = ignore  # the recorded steps of an epoch
    findings: Callable[[list[Finding]], None] = ignore  # all that is wrong so far
    samples: Samples | None = None  # what to write while training
