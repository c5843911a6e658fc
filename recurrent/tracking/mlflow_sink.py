"""The one module that imports mlflow: an experiment a lecture, a run a training."""

import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A server that does not answer is given up within seconds, not within MLflow's four minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
from mlflow.entities import Metric, Param
from mlflow.entities import Run as MlflowRun
from mlflow.exceptions import MlflowException

from recurrent.tracking import database
from recurrent.tracking.curves import Curves, flat, gradient_points
from recurrent.tracking.history import Row
from recurrent.tracking.recorder import Run, git_commit, tracking_uri

RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
TRIES = 4  # to open a database, within a second; MLflow's own ten take 100
ARTIFACTS = "mlartifacts"
FINGERPRINT, HEALTH = "fingerprint", "health"
TAG_LENGTH = 5000  # what every backend of MLflow stores
BATCH = 500  # metrics a call; the server's limit is 1,000


class Store:
    """Runs by fingerprint. Logging twice is harmless: only what is missing is added."""

    def __init__(self) -> None:
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # a fault is raised as well
        logging.getLogger("alembic").setLevel(logging.WARNING)  # migrations on first use
        self.uri = tracking_uri()
        if not self.uri.startswith("http"):
            open_database(self.uri)
        self.client = mlflow.MlflowClient(self.uri)
        self._steps: dict[tuple[str, str], set[int]] = {}  # logged by now, by run and metric
        self._new: set[str] = set()  # runs made here: nobody has logged to them before

    def experiment(self, lecture: str) -> str:
        """The id of a lecture's experiment."""
        place, file = None, database.file_of(self.uri)
        if file is not None:  # of ours: its artifacts lie beside it
            place = (file.resolve().parent / ARTIFACTS).as_uri()
        found = self.client.get_experiment_by_name(lecture)
        if found is None:
            try:
                return str(self.client.create_experiment(lecture, artifact_location=place))
            except MlflowException:  # another training has made it, or the answer was lost
                found = self.client.get_experiment_by_name(lecture)
                if found is None:
                    raise
        return str(found.experiment_id)

    def find(self, run: Run) -> MlflowRun | None:
        """The run with this fingerprint, on this device if that is known."""
        wanted = [f"tags.{FINGERPRINT} = '{run.fingerprint}'"]
        if run.device:
            wanted.append(f"tags.device = '{run.device}'")
        found = self.client.search_runs(
            [self.experiment(run.lecture)], filter_string=" and ".join(wanted), max_results=1
        )
        return found[0] if found else None

    def ensure(self, run: Run) -> str:
        """The id of the run, made if need be, with its parameters and tags."""
        known = self.find(run)
        if known is None:
            tags = {
                FINGERPRINT: run.fingerprint,
                "device": run.device or "another machine's",
                "source": run.source,
                "stage": "train",
                "mlflow.source.name": f"python -m stages.train {run.name}",
                "mlflow.source.git.commit": git_commit(),
            }
            with asked_once():
                known = self.client.create_run(
                    self.experiment(run.lecture), tags=tags, run_name=run.name
                )
            self._new.add(str(known.info.run_id))
        # Of a run that is there as well: a kill may have come between the two calls. Only what it
        # lacks: MLflow takes no second value, and what changed without training anew did nothing.
        parameters = [
            Param(key, str(value)[:500])
            for key, value in flat(run.parameters)
            if key not in known.data.params
        ]
        self.client.log_batch(known.info.run_id, params=parameters)
        return str(known.info.run_id)

    def log(self, run_id: str, metrics: Iterable[tuple[str, float, int]]) -> None:
        """Add (name, value, step) where no such step is logged yet."""
        now = int(time.time() * 1000)
        missing = []
        for name, value, step in metrics:
            logged = self._logged(run_id, name)
            if step not in logged:
                missing.append(Metric(name, value, now, step))
                logged.add(step)
        for start in range(0, len(missing), BATCH):
            self.client.log_batch(run_id, metrics=missing[start : start + BATCH])

    def _logged(self, run_id: str, name: str) -> set[int]:
        """The steps of a metric that MLflow has, asked for once."""
        if (run_id, name) not in self._steps and run_id in self._new:
            self._steps[run_id, name] = set()
        elif (run_id, name) not in self._steps:
            history = self.client.get_metric_history(run_id, name)
            self._steps[run_id, name] = {int(metric.step) for metric in history}
        return self._steps[run_id, name]

    def log_curves(
        self,
        run_id: str,
        seeds: tuple[int, ...],
        history: Iterable[tuple[int, Row]],
        gradients: Iterable[tuple[int, Row]],
    ) -> None:
        """A whole training at once."""
        curves = Curves(seeds)
        self.log(run_id, [point for seed, row in history for point in curves.points(seed, row)])
        self.log(run_id, (p for seed, row in gradients for p in gradient_points(seed, [row])))

    def tag_health(self, run_id: str, health: str) -> None:
        """What was wrong with the training, or that it was healthy."""
        self.client.set_tag(run_id, HEALTH, health[:TAG_LENGTH])

    def log_figures(self, run_id: str, figures: Mapping[str, float]) -> None:
        """Final figures, in place of those of an earlier evaluation."""
        logged = self.client.get_run(run_id).data.metrics
        now = int(time.time() * 1000)
        changed = [Metric(n, v, now, 0) for n, v in figures.items() if logged.get(n) != v]
        if changed:
            self.client.log_batch(run_id, metrics=changed)


def open_database(uri: str) -> None:
    """One that cannot be opened is given up soon; one that is a file here is made whole."""
    from mlflow.store.db import utils

    utils.MAX_RETRY_COUNT = TRIES
    file = database.file_of(uri)
    if file is not None:
        database.made_whole(file, lambda part: mlflow.MlflowClient(part).search_experiments())


@contextmanager
def asked_once() -> Iterator[None]:
    """A server whose answer is lost may have done it: asked again, it would make a second run."""
    tries, os.environ[RETRIES] = os.environ[RETRIES], "0"
    try:
        yield
    finally:
        os.environ[RETRIES] = tries


class Following:
    """A training as it passes; to a run that is there already it adds what is missing."""

    def __init__(self, run: Run) -> None:
        self.store, self.curves = Store(), Curves(run.seeds)
        self.run_id = self.store.ensure(run)

    def epoch(self, seed: int, row: Row) -> None:
        self.store.log(self.run_id, self.curves.points(seed, row))

    def gradients(self, seed: int, rows: list[Row]) -> None:
        self.store.log(self.run_id, gradient_points(seed, rows))

    def close(self, *, finished: bool, health: str) -> None:
        self.store.tag_health(self.run_id, health)
        self.store.client.set_terminated(self.run_id, "FINISHED" if finished else "FAILED")
