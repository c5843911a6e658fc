"""MLflow's store: an experiment for each lecture; a run, and its model, for each variant."""

import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Give up within seconds if a server does not answer; MLflow's defaults take four minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
from mlflow.entities import LoggedModel, Metric, Param
from mlflow.entities import Run as MlflowRun
from mlflow.exceptions import MlflowException

from recurrent.tracking import database, models
from recurrent.tracking.runs import Point, TrackedRun

RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
TRIES = 4  # to open a database, within a second; MLflow's own ten take 100 seconds
ARTIFACTS = "mlartifacts"
FINGERPRINT, PUBLISHED = "fingerprint", "published"  # tags; `published` is the state of the files
LONGEST_TAG, LONGEST_PARAMETER = 5000, 500  # characters that every backend of MLflow stores
BATCH = 1000  # metrics per call: the server's limit


class Store:
    """MLflow's runs by fingerprint. Publishing twice is harmless: only what is missing is added."""

    def __init__(self) -> None:
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # errors are raised anyway
        logging.getLogger("alembic").setLevel(logging.WARNING)  # migrations at first use
        self.uri = database.tracking_uri()
        if not self.uri.startswith("http"):
            _open_database(self.uri)
        self.client = mlflow.MlflowClient(self.uri)

    def publish(self, run: TrackedRun, state: str) -> bool:
        """Bring MLflow's run up to date with the files; return whether anything was missing.

        The state is written last, so a run that has it is complete.
        """
        known = self.find(run)
        if known is not None and known.data.tags.get(PUBLISHED) == state:
            return False
        new = known is None
        if known is None:
            known = self._create(run)
        run_id = str(known.info.run_id)
        self._log_parameters(known, run.parameters())
        self._log_curves(run_id, run.points(), new=new)
        model = self._log_model(known, run)
        self._log_final(run_id, run.final_metrics(), model)
        for path, folder in run.artifacts():
            upload = self.client.log_artifacts if path.is_dir() else self.client.log_artifact
            upload(run_id, str(path), folder)
        self.client.set_tag(run_id, "health", run.health()[:LONGEST_TAG])
        self.client.set_terminated(run_id)
        self.client.set_tag(run_id, PUBLISHED, state)
        return True

    def find(self, run: TrackedRun) -> MlflowRun | None:
        """Return MLflow's run with this fingerprint, or None.

        Variants that differ only by name have the same fingerprint, so names are compared as well.
        """
        found = self.client.search_runs(
            [self.experiment(run.variant.lecture)],
            filter_string=(
                f"tags.{FINGERPRINT} = '{run.fingerprint}' and tags.variant = "
                f"'{run.variant.variant}' and tags.experiment = '{run.variant.experiment}'"
            ),
            max_results=1,
        )
        return found[0] if found else None

    def experiment(self, lecture: str) -> str:
        """Return the id of a lecture's experiment; create it if necessary."""
        place, file = None, database.sqlite_file(self.uri)
        if file is not None:  # our own database: artifacts are stored next to it
            place = (file.resolve().parent / ARTIFACTS).as_uri()
        found = self.client.get_experiment_by_name(lecture)
        if found is None:
            try:
                return str(self.client.create_experiment(lecture, artifact_location=place))
            except MlflowException:  # another process has created it, or the response was lost
                found = self.client.get_experiment_by_name(lecture)
                if found is None:
                    raise
        return str(found.experiment_id)

    def _create(self, run: TrackedRun) -> MlflowRun:
        tags = {
            FINGERPRINT: run.fingerprint,
            "experiment": run.variant.experiment,
            "variant": run.variant.variant,
            "device": run.device,
            "source": run.evaluation()["origin"]["source"],
            "mlflow.note.content": run.variant.title,
            "mlflow.source.name": "recurrent repro",
            "mlflow.source.git.commit": run.git_commit,
        }
        experiment = self.experiment(run.variant.lecture)
        with asked_once():
            return self.client.create_run(experiment, tags=tags, run_name=run.variant.name)

    def _log_parameters(self, known: MlflowRun, parameters: Mapping[str, str]) -> None:
        """Add the parameters that the run lacks; MLflow does not accept a second value."""
        missing = [
            Param(key, value[:LONGEST_PARAMETER])
            for key, value in parameters.items()
            if key not in known.data.params
        ]
        self.client.log_batch(known.info.run_id, params=missing)

    def _log_curves(self, run_id: str, points: Iterable[Point], *, new: bool) -> None:
        """Add the points that the run lacks."""
        logged: dict[str, set[int]] = {}
        missing, now = [], int(time.time() * 1000)
        for name, value, step in points:
            if name not in logged:
                history = [] if new else self.client.get_metric_history(run_id, name)
                logged[name] = {int(metric.step) for metric in history}
            if step not in logged[name]:
                missing.append(Metric(name, value, now, step))
        for start in range(0, len(missing), BATCH):
            self.client.log_batch(run_id, metrics=missing[start : start + BATCH])

    def _log_model(self, known: MlflowRun, run: TrackedRun) -> LoggedModel:
        """Bring the run's model up to date, but for its metrics; return it."""
        model = models.find(self.client, known)
        if model is None:
            with asked_once():
                model = models.create(self.client, known, run)
        models.complete(self.client, known, run, model)
        return model

    def _log_final(self, run_id: str, metrics: Mapping[str, float], model: LoggedModel) -> None:
        """Replace the final metrics of an earlier evaluation, those of the run and of its model."""
        of_model = sorted(model.metrics or (), key=lambda metric: metric.timestamp)
        logged = {metric.key: metric.value for metric in of_model}
        now = int(time.time() * 1000)
        changed = [
            Metric(name, value, now, 0, model_id=model.model_id)
            for name, value in metrics.items()
            if logged.get(name) != value
        ]
        self.client.log_batch(run_id, metrics=changed)


def _open_database(uri: str) -> None:
    """Create our own database completely; give up early on one that cannot be opened."""
    from mlflow.store.db import utils

    utils.MAX_RETRY_COUNT = TRIES
    file = database.sqlite_file(uri)
    if file is not None:
        database.create_once(file, lambda part: mlflow.MlflowClient(part).search_experiments())


@contextmanager
def asked_once() -> Iterator[None]:
    """Disable retries: if only the response was lost, a retry would create a second run."""
    tries, os.environ[RETRIES] = os.environ[RETRIES], "0"
    try:
        yield
    finally:
        os.environ[RETRIES] = tries
