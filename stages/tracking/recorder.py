"""What a training leaves behind, files first: its history for git, its circumstances beside it."""

import csv
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from stages import files
from stages.params import Params

Row = dict[str, float]
CIRCUMSTANCES = Path(".runs")  # device, commit and timings: they differ by machine, so not in git


@dataclass(frozen=True)
class Run:
    """One training as every tracker knows it; the fingerprint is its identity."""

    name: str
    lecture: str
    fingerprint: str
    seeds: tuple[int, ...]
    parameters: dict[str, Any]
    source: str  # of its corpus

    @classmethod
    def of(cls, settings: Params, name: str, fingerprint: str, source: str) -> "Run":
        """The run of an experiment of params.yaml."""
        experiment = settings.experiments[name]
        dataset = settings.datasets[experiment.dataset]
        parameters = {
            **experiment.model_dump(mode="json"),
            "dataset": dataset.model_dump(mode="json"),
        }
        return cls(name, experiment.lecture, fingerprint, experiment.seeds, parameters, source)


@dataclass
class Circumstances:
    """Where and when a training ran. Nothing in the pipeline reads it back."""

    fingerprint: str
    device: str
    git_commit: str = field(default_factory=lambda: git_commit())
    seconds: dict[str, list[float]] = field(default_factory=dict)  # an epoch, by seed

    @staticmethod
    def path(name: str) -> Path:
        return CIRCUMSTANCES / f"{name}.json"


class Sink(Protocol):
    """Who else hears of a training while it runs."""

    def epoch(self, seed: int, row: Row) -> None:
        """One finished epoch of one seed."""

    def close(self, *, finished: bool) -> None:
        """The training is over: it came to its end, or it failed."""


class Recorder:
    """Writes metrics/history/<experiment>.csv as the epochs pass, and tells the sinks."""

    def __init__(self, run: Run, history: Path, device: str, sinks: Sequence[Sink]) -> None:
        self.run, self.sinks = run, sinks
        self.circumstances = Circumstances(run.fingerprint, device)
        self._columns: list[str] = []
        self._last = time.monotonic()
        history.parent.mkdir(parents=True, exist_ok=True)
        self._file = history.open("w", encoding="utf-8", newline="")

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, fault: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        files.write_json(Circumstances.path(self.run.name), asdict(self.circumstances))
        for sink in self.sinks:
            sink.close(finished=fault is None)

    def epoch(self, seed: int, row: Row) -> None:
        """Append one line; every epoch has the same columns."""
        writer = csv.writer(self._file, lineterminator="\n")
        if not self._columns:
            self._columns = list(row)
            writer.writerow(["seed", *self._columns])
        writer.writerow([seed, *(_written(row[column]) for column in self._columns)])
        self._file.flush()
        now = time.monotonic()
        self.circumstances.seconds.setdefault(str(seed), []).append(round(now - self._last, 3))
        self._last = now
        for sink in self.sinks:
            sink.epoch(seed, row)


def read_history(path: Path) -> list[tuple[int, Row]]:
    """The lines of a history file: seed and epoch's values."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (int(line.pop("seed")), {name: float(value) for name, value in line.items()})
            for line in csv.DictReader(file)
        ]


def git_commit() -> str:
    """The commit checked out here, '' outside a repository."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def _written(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6f}"
