"""The work of a job that trains a run. It can be done by another process, here or elsewhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recurrent.common.config import Runtime
from recurrent.tracking.history import Row
from recurrent.training.fingerprint import Run
from recurrent.training.interrupt import stop_if_requested
from recurrent.training.store import RunStore


@dataclass(frozen=True)
class Training:
    """Train a run into a store; return True.

    A subclass may do and return something else with the run. It may leave it unfinished.
    """

    run: Run
    runtime: Runtime
    store: Path  # the folder of the run store

    def __call__(self) -> Any:
        from recurrent.training.worker import train_run

        train_run(self.run, self.runtime, RunStore(self.store), stop_after_epoch)
        return True


def stop_after_epoch(run: Run, row: Row) -> None:
    """Stop the run after an epoch if Ctrl-C was pressed."""
    stop_if_requested()
