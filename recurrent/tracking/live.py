"""Mirror a training live, from a thread of its own: a slow or dead tracker costs a warning."""

import os
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from recurrent.console import note
from recurrent.errors import PipelineError
from recurrent.tracking.history import Row
from recurrent.tracking.recorder import Run, tracking_uri

FOLLOW_VARIABLE = "RECURRENT_LECTURES_FOLLOW_AFTER_S"
PATIENCE_S = 5.0  # how long a finished training waits for a tracker that lags behind
# While it connects to a database in a file: its first use makes it, and the next training is to
# find it made; a new MLflow may bring an old one's schema up to date, and half of that spoils it.
PATIENCE_WITH_A_FILE_S = 60.0


def follow_after_s() -> float:
    """When to begin: a shorter training is left to publishing, which tells MLflow of it anyway.

    To load MLflow would take as long as all the rest of it.
    """
    given = os.environ.get(FOLLOW_VARIABLE) or "5"
    try:
        return float(given)
    except ValueError as fault:
        raise PipelineError(
            f"{given!r} is no number of seconds.", where=FOLLOW_VARIABLE, remedy="Unset it, or: 0."
        ) from fault


class Follower(Protocol):
    """A tracker's side of one training; each call may be slow, or raise."""

    def epoch(self, seed: int, row: Row) -> None:
        """Log one epoch of one seed."""

    def gradients(self, seed: int, rows: list[Row]) -> None:
        """Log the norms of the gradients at some steps of one seed."""

    def close(self, *, finished: bool, health: str) -> None:
        """Say how it ended, and what was wrong with it."""


class LiveSink:
    """A sink that never blocks, never raises, and warns once."""

    def __init__(self, run: Run, connect: Callable[[Run], Follower]) -> None:
        self.run, self._after_s = run, follow_after_s()
        self._calls: queue.SimpleQueue[Callable[[Follower], None] | None] = queue.SimpleQueue()
        self._over, self._finished = threading.Event(), False
        self._connected = threading.Event()  # or it has failed to, or need not
        self._given_up = threading.Event()
        self._warning = threading.Lock()
        self._thread = threading.Thread(target=self._work, args=(connect,), daemon=True)
        self._thread.start()

    def epoch(self, seed: int, row: Row) -> None:
        self._tell(lambda follower: follower.epoch(seed, row))

    def gradients(self, seed: int, rows: list[Row]) -> None:
        self._tell(lambda follower: follower.gradients(seed, rows))

    def close(self, *, finished: bool, health: str) -> None:
        self._tell(lambda follower: follower.close(finished=finished, health=health))
        self._calls.put(None)
        self._finished = finished
        self._over.set()
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._give_up("it lags behind")
            if tracking_uri().startswith("sqlite:"):
                self._connected.wait(PATIENCE_WITH_A_FILE_S)

    def _tell(self, call: Callable[[Follower], None]) -> None:
        if not self._given_up.is_set():  # nobody would take it out again
            self._calls.put(call)

    def _work(self, connect: Callable[[Run], Follower]) -> None:
        try:
            if self._over.wait(self._after_s) and self._finished:
                return
            follower = connect(self.run)
            self._connected.set()
            while (call := self._calls.get()) is not None and not self._given_up.is_set():
                call(follower)
        except Exception as fault:  # whatever a tracker throws, the training goes on
            self._give_up(in_a_line(fault))
        finally:
            self._connected.set()

    def _give_up(self, why: str) -> None:
        """Say so; what fails after that, nobody waits for."""
        with self._warning:
            if self._given_up.is_set():
                return
            self._given_up.set()
        note(
            f"warning: MLflow does not follow {self.run.name} ({why}). "
            "The training goes on; `make publish` brings MLflow up to date."
        )


def in_a_line(fault: Exception) -> str:
    """What a tracker says of itself may have many lines."""
    return " ".join(f"{type(fault).__name__}: {fault}".split())[:300]
