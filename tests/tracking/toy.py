"""A training of two seeds and two epochs, and a sink that writes down what it hears."""

from pathlib import Path

from recurrent import paths
from recurrent.tracking.history import Row
from recurrent.tracking.recorder import Recorder, Run, Sink

RUN = Run("toy", "names", "f" * 64, (0, 1), {"rate": 0.1}, "bundled", "cpu")
ROWS: list[tuple[int, Row]] = [
    (seed, {"epoch": epoch, "train_loss": 1.0 / epoch}) for seed in (0, 1) for epoch in (1, 2)
]


def record(*sinks: Sink) -> Path:
    """Record the training; its history."""
    with Recorder(RUN, sinks) as recorder:
        for seed, row in ROWS:
            recorder.epoch(seed, row, None)
    return paths.history("toy")


class Heard:
    """All that a sink was told, in order."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def epoch(self, seed: int, row: Row) -> None:
        self.heard.append((seed, row))

    def gradients(self, seed: int, rows: list[Row]) -> None:
        self.heard.append((seed, rows))

    def close(self, *, finished: bool, health: str) -> None:
        self.heard.append(("finished" if finished else "failed", health))
