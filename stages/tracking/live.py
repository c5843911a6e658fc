"""Mirror a training live, from a thread of its own: a slow or dead tracker costs a warning."""

import queue
import threading
from collections.abc import Callable

from stages.cli import note
from stages.tracking.recorder import Row, Run

PATIENCE_S = 5.0  # how long a finished training waits for a tracker that lags behind

Logger = Callable[[int, Row], None]  # logs one epoch of one seed


class LiveSink:
    """A sink that never blocks and never raises."""

    def __init__(self, run: Run, connect: Callable[[Run], Logger]) -> None:
        self.run = run
        self._events: queue.Queue[tuple[int, Row] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, args=(connect,), daemon=True)
        self._thread.start()

    def epoch(self, seed: int, row: Row) -> None:
        self._events.put((seed, row))

    def close(self) -> None:
        self._events.put(None)
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._warn("it lags behind")

    def _work(self, connect: Callable[[Run], Logger]) -> None:
        try:
            log = connect(self.run)
            while (event := self._events.get()) is not None:
                log(*event)
        except Exception as fault:  # whatever a tracker throws, the training goes on
            self._warn(f"{type(fault).__name__}: {fault}"[:300])

    def _warn(self, why: str) -> None:
        note(
            f"warning: MLflow does not follow {self.run.name} ({why}). "
            "The training goes on; `make publish` brings MLflow up to date."
        )
