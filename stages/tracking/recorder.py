"""What a training leaves behind, files first: its history for git, its circumstances beside it."""

import csv
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stages import files
from stages.params import Params

Row = dict[str, float]
CIRCUMSTANCES = Path(".runs")  # by which machine, from which commit: not in git, nor in DVC


def tracking_uri() -> str:
    """Where MLflow's runs are: MLFLOW_TRACKING_URI, or a database in the project."""
    return os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"


@dataclass(frozen=True)
class Run:
    """One training as every tracker knows it; fingerprint and device are its identity."""

    name: str
    lecture: str
    fingerprint: str
    seeds: tuple[int, ...]
    parameters: dict[str, Any]
    source: str  # of its corpus
    device: str  # "" where it was not trained on this machine

    @classmethod
    def of(
        cls,
        settings: Params,
        name: str,
        fingerprint: str,
        origin: Mapping[str, str],
        device: str | None = None,
    ) -> "Run":
        """The run of an experiment of params.yaml; without `device`, where it was last trained."""
        experiment = settings.experiments[name]
        dataset = settings.datasets[experiment.dataset]
        if device is None:
            found = circumstances(name)
            device = found["device"] if found.get("fingerprint") == fingerprint else ""
        return cls(
            name=name,
            lecture=experiment.lecture,
            fingerprint=fingerprint,
            seeds=experiment.seeds,
            parameters={
                **experiment.model_dump(mode="json"),
                "dataset": dataset.model_dump(mode="json"),
            },
            source=origin["source"],
            device=device,
        )


def circumstances(name: str) -> dict[str, str]:
    """Where an experiment was last trained here; nothing that is learnt or measured reads it."""
    path = CIRCUMSTANCES / f"{name}.json"
    return dict(files.read_json(path)) if path.exists() else {}


class Sink(Protocol):
    """Who else hears of a training while it runs."""

    def epoch(self, seed: int, row: Row) -> None:
        """One finished epoch of one seed."""

    def close(self, *, finished: bool) -> None:
        """The training is over: it came to its end, or it failed."""


class Recorder:
    """Writes metrics/history/<experiment>.csv as the epochs pass, and tells the sinks."""

    def __init__(self, run: Run, history: Path, sinks: Sequence[Sink]) -> None:
        self.sinks = sinks
        self._columns: list[str] = []
        history.parent.mkdir(parents=True, exist_ok=True)
        self._file = history.open("w", encoding="utf-8", newline="")
        here = {"fingerprint": run.fingerprint, "device": run.device, "git_commit": git_commit()}
        files.write_json(CIRCUMSTANCES / f"{run.name}.json", here)

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, fault: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        for sink in self.sinks:
            sink.close(finished=fault is None)

    def epoch(self, seed: int, row: Row, seconds: float | None) -> None:
        """Append one line; every epoch has the same columns. Clock times are for the sinks only."""
        writer = csv.writer(self._file, lineterminator="\n")
        if not self._columns:
            self._columns = list(row)
            writer.writerow(["seed", *self._columns])
        writer.writerow([seed, *(_written(row[column]) for column in self._columns)])
        self._file.flush()
        timed = row if seconds is None else {**row, "seconds": round(seconds, 3)}
        for sink in self.sinks:
            sink.epoch(seed, timed)


def read_history(path: Path) -> list[tuple[int, Row]]:
    """The lines of a history file: seed and epoch's values."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (int(line.pop("seed")), {name: float(value) for name, value in line.items()})
            for line in csv.DictReader(file)
        ]


def git_commit() -> str:
    """The commit checked out here, marked if the code or the parameters differ from it."""

    def git(*arguments: str) -> str:
        found = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=10, check=True
        )
        return found.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "stages", "*.yaml")
        return git("rev-parse", "HEAD") + ("-modified" if changed else "")
    except (OSError, subprocess.SubprocessError):  # no git, no repository, no commit yet
        return ""


def _written(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6f}"
