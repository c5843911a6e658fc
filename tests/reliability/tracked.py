"""A training that MLflow follows, beside one that it does not; and what MLflow has of it after."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from recurrent import files, paths
from recurrent.tracking import live
from recurrent.tracking.history import read_table
from tests.project import Project
from tests.reliability import trainings

Point = tuple[tuple[str, int], float]  # of a curve, at a step: its value
EXPERIMENT = trainings.EXPERIMENTS[0]
PATIENCE_S = live.PATIENCE_S + live.PATIENCE_WITH_A_FILE_S + 30


def prepared(folder: Path, epochs: int, *, tracked: bool = True, rate: float = 0.01) -> Project:
    """A project with one experiment to train so long, told to MLflow or not."""
    project = trainings.prepared(folder)
    training = f"experiments.{EXPERIMENT}.training"
    changes = {f"{training}.epochs": epochs, f"{training}.rate": rate}
    project.edit({"runtime.tracking": tracked, **changes})
    return project


@dataclass
class Pair:
    """Two projects with the same experiment; MLflow is told of one."""

    folder: Path
    epochs: int
    rate: float = 0.01
    seconds: list[tuple[float, float]] = field(default_factory=list)  # untracked, tracked

    def __post_init__(self) -> None:
        self.untracked, self.tracked = self.folder / "untracked", self.folder / "tracked"
        prepared(self.untracked, self.epochs, tracked=False, rate=self.rate)
        prepared(self.tracked, self.epochs, rate=self.rate)

    def train_untracked(self) -> float:
        """The seconds it takes in peace."""
        started = time.monotonic()
        trainings.run(self.untracked, "stages.train", EXPERIMENT)
        return time.monotonic() - started

    def train_both(self, uri: str) -> str:
        """One after the other; what the tracked one said."""
        alone = self.train_untracked()
        started = time.monotonic()
        said = train(self.tracked, uri)
        self.compare(alone, time.monotonic() - started, said)
        return said

    def compare(self, alone: float, followed: float, said: str) -> None:
        """The same results, one warning, and no long wait."""
        self.seconds.append((alone, followed))
        assert_one_warning(said)
        assert trainings.results(self.tracked) == trainings.results(self.untracked)
        assert followed < alone + PATIENCE_S

    def times(self) -> str:
        """How much longer the tracked ones took."""
        alone, followed = (statistics.median(column) for column in zip(*self.seconds, strict=True))
        return (
            f"took {followed / alone:.2f} times as long as untracked "
            f"({followed:.1f} s, {alone:.1f} s)"
        )


def train(folder: Path, uri: str) -> str:
    """Train it to its end; what it said."""
    return trainings.run(folder, "stages.train", EXPERIMENT, environment=where(uri))


def where(uri: str) -> dict[str, str]:
    """How a process is told where MLflow is, and to follow trainings however short."""
    local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {"MLFLOW_TRACKING_URI": uri, live.FOLLOW_VARIABLE: "0", **local}


def assert_one_warning(said: str) -> None:
    """MLflow's trouble is one line; everything else is the training's own."""
    lines = [line for line in said.splitlines() if not line.startswith(EXPERIMENT)]
    assert len(lines) == 1 and lines[0].startswith("warning: MLflow"), said


def evaluate(folder: Path, accuracy: float = 0.75) -> None:
    """Make up what was measured of a training."""
    spec = files.read_json(folder / paths.model(EXPERIMENT) / "spec.json")
    measured = {"fingerprint": spec["fingerprint"], "mean": {"accuracy": accuracy}, "floor": None}
    files.write_json(folder / paths.evaluation(EXPERIMENT), measured)


def publish(folder: Path, uri: str) -> str:
    """`make publish`; what it said."""
    return trainings.run(folder, "recurrent.commands.publish", environment=where(uri))


def lost_after_publishing(folder: Path, uri: str) -> int:
    """Publish twice: points that MLflow lacks then; none may be doubled, nor change again."""
    evaluate(folder)
    assert "1 runs brought up to date" in publish(folder, uri)
    client = MlflowClient(uri)
    run, mirrored = the_run(client, folder), curves(client, folder)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["final/accuracy"] == 0.75
    assert "MLflow is up to date" in publish(folder, uri)
    assert the_run(client, folder).to_dictionary() == run.to_dictionary()
    assert curves(client, folder) == mirrored
    return missing(mirrored, folder)


def missing(mirrored: list[Point], folder: Path) -> int:
    """Points of the files that MLflow lacks; it has each once, and none of another training."""
    written, once = dict(points(folder)), dict(mirrored)
    assert len(once) == len(mirrored), "a point is doubled"
    assert once.keys() <= written.keys(), once.keys() - written.keys()
    assert once == pytest.approx({place: written[place] for place in once}, rel=1e-3, abs=1e-6)
    return len(written) - len(once)


def the_run(client: MlflowClient, folder: Path) -> MlflowRun:
    """The one run of a trained project."""
    fingerprint = files.read_json(folder / paths.model(EXPERIMENT) / "spec.json")["fingerprint"]
    found = [run for run in all_runs(client) if run.data.tags["fingerprint"] == fingerprint]
    assert len(found) == 1, f"{len(found)} runs of one training"
    return found[0]


def all_runs(client: MlflowClient) -> list[MlflowRun]:
    """Whatever a store has."""
    experiments = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(experiments))


def curves(client: MlflowClient, folder: Path) -> list[Point]:
    """What MLflow has of a training's seeds, but for seconds: no file has a clock in it."""
    run = the_run(client, folder)
    return [
        ((name, point.step), point.value)
        for name in run.data.metrics
        if name.startswith("seed_") and not name.endswith("/seconds")
        for point in client.get_metric_history(run.info.run_id, name)
    ]


def points(folder: Path) -> Iterator[Point]:
    """What its files have of them."""
    for seed, row in read_table(folder / paths.history(EXPERIMENT)):
        for name in row.keys() - {"epoch"}:
            yield (f"seed_{seed}/{name}", int(row["epoch"])), row[name]
    for seed, row in read_table(folder / paths.gradients(EXPERIMENT)):
        for name in row.keys() - {"epoch", "step"}:
            yield (f"seed_{seed}/gradient_norm/{name}", int(row["step"])), row[name]
