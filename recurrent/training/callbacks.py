"""Who a training is, and who hears of it while it runs."""

from collections.abc import Callable
from dataclasses import dataclass

from recurrent.experiments import Samples
from recurrent.tracking.history import Fault, Row
from recurrent.training.checkpoint import Checkpoint


def ignored(_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Watch:
    """A training's name and seed, its checkpoint, and its listeners."""

    name: str
    seed: int
    checkpoint: Checkpoint
    tell: Callable[[Row, float | None], None]  # an epoch, its seconds (None: told again)
    tell_gradients: Callable[[list[Row]], None] = ignored  # the recorded steps of an epoch
    tell_faults: Callable[[list[Fault]], None] = ignored  # whatever is wrong by now
    samples: Samples | None = None  # what to write while training
