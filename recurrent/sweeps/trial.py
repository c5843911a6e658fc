"""One trial of a sweep: a run that stops early if it is worse than the median of earlier trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recurrent.common import paths
from recurrent.common.config import Descent, Fit, Runtime
from recurrent.common.errors import PipelineError
from recurrent.tracking.history import Row, read_table
from recurrent.training import store
from recurrent.training.fingerprint import Run, data_digest, fingerprints
from recurrent.training.interrupt import stop_if_requested
from recurrent.training.store import RunStore

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    Earlier = Sequence[FrozenTrial]

Losses = dict[int, float]  # validation loss by epoch


class Pruned(Exception):
    """Raised after an epoch to stop a pruned trial."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a trial."""

    state: Literal["complete", "pruned", "failed"]
    losses: Losses
    objective: float | None = None  # the validation loss of the kept weights
    reason: str = ""  # why it failed


def train_trial(run: Run, runtime: Runtime, folder: Path, earlier: "Earlier") -> Outcome:
    """Train a run in this process, and compare it with complete trials after each epoch.

    If the loss explodes or the batches are too large, the trial fails and the sweep continues.
    """
    from recurrent.sweeps.study import is_worse_than_median
    from recurrent.training.worker import train_run

    runs, epochs = RunStore(folder), run.variant.training.epochs

    def report(_: Run, row: Row) -> None:
        stop_if_requested()
        # Read the rounded losses of the table, so that a run from the store and a run trained now
        # give the same result.
        if row["epoch"] < epochs and is_worse_than_median(read_losses(run, runs), epochs, earlier):
            raise Pruned

    try:
        train_run(run, runtime, runs, report)
    except Pruned:
        return Outcome("pruned", read_losses(run, runs))
    except PipelineError as fault:
        # Not the trial's fault, if its data or code changed after it was planned.
        data = data_digest(paths.encoded(run.variant.dataset))
        if fingerprints(run.variant, runtime, data)[run.seed] != run.fingerprint:
            raise
        return Outcome("failed", {}, reason=str(fault))
    return finished_outcome(run, runs)


def finished_outcome(run: Run, runs: RunStore) -> Outcome:
    """Return the outcome of a finished run in the store."""
    losses = read_losses(run, runs)
    return Outcome("complete", losses, objective(losses, run.variant.training))


def read_losses(run: Run, runs: RunStore) -> Losses:
    """Return the validation losses that a run has recorded so far."""
    table = read_table(runs.place(run.fingerprint) / store.HISTORY)
    return {int(row["epoch"]): row["valid_loss"] for row in table}


def objective(losses: Mapping[int, float], training: Descent | Fit) -> float:
    """Return the validation loss of the weights that the run keeps; lower is better."""
    best = isinstance(training, Descent) and training.keep == "best"
    return min(losses.values()) if best else losses[max(losses)]
