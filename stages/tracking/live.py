"""Mirror a training live, from a thread of its own: a slow or dead tracker costs a warning."""

import queue
import threading
from collections.abc import Callable
from typing import Protocol

from stages.cli import note
from stages.tracking.history import Row
from stages.tracking.recorder import Run, tracking_uri

PATIENCE_S = 5.0  # how long a finished training waits for a tracker that lags behind
# A database in a file never hangs, and what it is at must not be cut short: its first use migrates
# its schema, and half a migration spoils it for every later run.
PATIENCE_WITH_A_FILE_S = 60.0


class Follower(Protocol):
    """A tracker's side of one training; each call may be slow, or raise."""

    def epoch(self, seed: int, row: Row) -> None:
        """Log one epoch of one seed."""

    def gradients(self, seed: int, rows: list[Row]) -> None:
        """Log the norms of the gradients at some steps of one seed."""

    def close(self, *, finished: bool, health: str) -> None:
        """Say how it ended, and what was wrong with it."""


class LiveSink:
    """A sink that never blocks and never raises."""

    def __init__(self, run: Run, connect: Callable[[Run], Follower]) -> None:
        self.run = run
        self._calls: queue.Queue[Callable[[Follower], None] | None] = queue.Queue()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(connect,), daemon=True)
        self._thread.start()

    def epoch(self, seed: int, row: Row) -> None:
        self._calls.put(lambda follower: follower.epoch(seed, row))

    def gradients(self, seed: int, rows: list[Row]) -> None:
        self._calls.put(lambda follower: follower.gradients(seed, rows))

    def close(self, *, finished: bool, health: str) -> None:
        self._calls.put(lambda follower: follower.close(finished=finished, health=health))
        self._calls.put(None)
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._warn("it lags behind")
            self._given_up.set()
            if tracking_uri().startswith("sqlite:"):
                self._thread.join(PATIENCE_WITH_A_FILE_S)

    def _work(self, connect: Callable[[Run], Follower]) -> None:
        try:
            follower = connect(self.run)
            while (call := self._calls.get()) is not None and not self._given_up.is_set():
                call(follower)
        except Exception as fault:  # whatever a tracker throws, the training goes on
            self._warn(f"{type(fault).__name__}: {fault}"[:300])

    def _warn(self, why: str) -> None:
        note(
            f"warning: MLflow does not follow {self.run.name} ({why}). "
            "The training goes on; `make publish` brings MLflow up to date."
        )
