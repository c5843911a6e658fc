"""One at a time: a second training of one experiment, or a second `make repro`, waits its turn."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from recurrent import STARTED_BY
from recurrent.console import note
from recurrent.errors import PipelineError


@contextmanager
def alone(what: str, lock: Path) -> Iterator[None]:
    """Hold the lock; the system gives it back when this process ends, however it ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    mine = FileLock(lock)
    try:
        mine.acquire(timeout=0)
    except Timeout:
        note(f"{what} runs already in another process; this one waits for its end ({lock})")
        mine.acquire()
    try:
        leave_if_abandoned()
        yield
    finally:
        mine.release()


def leave_if_abandoned() -> None:
    """A training whose `dvc repro` was killed is not to write over what the next one makes.

    DVC's shell must not stand between the two (`exec` in dvc.yaml). One whose dvc was killed in
    the milliseconds before `stages` was imported is not noticed.
    """
    if "DVC_STAGE" in os.environ and os.getppid() != STARTED_BY:
        raise PipelineError(
            "the dvc that started this was killed, and nobody would record what it makes.",
            where=os.environ["DVC_STAGE"],
            remedy="Run `dvc repro` again: it goes on from the last finished epoch.",
        )
