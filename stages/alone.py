"""One at a time: a second `make repro`, or `make replicate`, waits its turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from stages.cli import note


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
        yield
    finally:
        mine.release()
