"""Locks between processes: the second run of an experiment, or of `recurrent repro`, waits."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from recurrent.common import STARTED_BY
from recurrent.common.console import note
from recurrent.common.errors import PipelineError

REPRO = Path(".dvc/tmp/repro.lock")  # DVC's own locks guard one stage at a time
REPLICATE = Path(".dvc/tmp/replicate.lock")


@contextmanager
def locked(what: str, lock: Path) -> Iterator[None]:
    """Hold a lock. The system releases it when this process ends for any reason."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)
    try:
        held.acquire(timeout=0)
    except Timeout:
        note(f"{what} is already running in another process; waiting for it to finish ({lock})")
        held.acquire()
    try:
        leave_if_abandoned()
        yield
    finally:
        held.release()


def leave_if_abandoned() -> None:
    """Stop a stage whose `dvc repro` was killed, before it overwrites files of the next one.

    This needs DVC to be the parent process without a shell in between, hence the `exec` in
    dvc.yaml. A kill in the milliseconds before `recurrent` is imported goes unnoticed.
    """
    if "DVC_STAGE" in os.environ and os.getppid() != STARTED_BY:
        raise PipelineError(
            "the dvc that started this stage was killed, so its results would not be recorded.",
            where=os.environ["DVC_STAGE"],
            remedy="Run `dvc repro` again: it continues from the last checkpoint.",
        )
