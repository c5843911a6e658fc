"""What a training leaves behind, files first: its history for git, its circumstances beside it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from recurrent import files, paths
from recurrent.config import Params
from recurrent.tracking.history import Fault, Row, Table, health

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
        dataset = settings.dataset(experiment.dataset)
        if device is None:
            found = circumstances(name)
            device = found["device"] if found.get("fingerprint") == fingerprint else ""
        return cls(
            name=name,
            lecture=experiment.lecture,
            fingerprint=fingerprint,
            seeds=experiment.seeds_on(origin),
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

    def gradients(self, seed: int, rows: list[Row]) -> None:
        """The norms of the gradients at some steps of one seed."""

    def close(self, *, finished: bool, health: str) -> None:
        """The training is over: it came to its end, or it failed; and what was wrong with it."""


class Recorder:
    """Writes a training's files under metrics/ while it runs, and tells the sinks."""

    def __init__(self, run: Run, sinks: Sequence[Sink]) -> None:
        self.run, self.sinks = run, sinks
        self._history = Table(paths.history(run.name), ("seed", "epoch", "train_loss"))
        head = ("seed", "epoch", "step", "total")
        self._gradients = Table(paths.gradients(run.name), head, ".4g")
        self._faults: dict[int, list[Fault]] = {}
        here = {"fingerprint": run.fingerprint, "device": run.device, "git_commit": git_commit()}
        files.write_json(CIRCUMSTANCES / f"{run.name}.json", here)

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, fault: type[BaseException] | None, *_: object) -> None:
        self._history.close()
        self._gradients.close()
        findings = [
            {"seed": seed, **asdict(one), "message": str(one)}
            for seed, of in self._faults.items()
            for one in of
        ]
        report = {"healthy": not findings, "findings": findings}
        files.write_json(paths.health(self.run.name), report)
        for sink in self.sinks:
            sink.close(finished=fault is None, health=health(findings))

    def epoch(self, seed: int, row: Row, seconds: float | None) -> None:
        """Append one line. Clock times are for the sinks only."""
        self._history.append(seed, row)
        timed = row if seconds is None else {**row, "seconds": round(seconds, 3)}
        for sink in self.sinks:
            sink.epoch(seed, timed)

    def gradients(self, seed: int, rows: list[Row]) -> None:
        """Append the recorded steps of an epoch."""
        for row in rows:
            self._gradients.append(seed, row)
        for sink in self.sinks:
            sink.gradients(seed, rows)

    def faults(self, seed: int, found: list[Fault]) -> None:
        """All that is wrong with one seed's training by now."""
        self._faults[seed] = [*found]


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
