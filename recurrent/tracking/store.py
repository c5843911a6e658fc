"""MLflow's store: an experiment for each lecture, a run with a model for each variant."""

import json
import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Give up within seconds if a server does not answer; MLflow's defaults take four minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModel, Metric, Param
from mlflow.entities import Run as MlflowRun
from mlflow.exceptions import MlflowException

from recurrent.tracking import database, models
from recurrent.tracking.experiments import TrackedExperiment
from recurrent.tracking.results import ALL_LECTURES, TrackedResults
from recurrent.tracking.runs import Point, TrackedRun

RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
TRIES = 4  # to open a database, within a second; MLflow's own ten take 100 seconds
ARTIFACTS = "mlartifacts"
FINGERPRINT, PUBLISHED = "fingerprint", "published"  # tags; `published` is a hash of the files
STATE = "state"  # tag: the state of the results that a run was created for
LONGEST_TAG, LONGEST_PARAMETER = 5000, 500  # characters that every MLflow backend can store
TABLES = "mlflow.loggedArtifacts"  # tag with the files that MLflow shows as tables
Columns = Mapping[str, Sequence[Any]]
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
        self.experiment_ids: dict[TrackedExperiment, str] = {}

    def publish(self, one: TrackedRun | TrackedResults, state: str) -> bool:
        """Bring MLflow up to date with the files; return whether anything was missing."""
        if isinstance(one, TrackedResults):
            return self.publish_results(one, state)
        return self.publish_run(one, state)

    def publish_run(self, run: TrackedRun, state: str) -> bool:
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
        self.log_parameters(known, run.parameters())
        self.log_curves(run_id, run.points(), new=new)
        model = self._log_model(known, run)
        changed = models.changed_metrics(model, run.final_metrics())
        self._log_metrics(run_id, changed, **models.links(model, run))
        self._upload(run_id, run.artifacts())
        self._log_tables(run_id, {"losses": run.table()})
        self._log_data(known, run)
        self.client.set_tag(run_id, "health", run.health()[:LONGEST_TAG])
        self.client.set_terminated(run_id)
        self.client.set_tag(run_id, PUBLISHED, state)
        return True

    def publish_results(self, results: TrackedResults, state: str) -> bool:
        """Create a run for this state of the results; return False if it is complete."""
        experiment_id, same = self.experiment_id(ALL_LECTURES), f"tags.{STATE} = '{state}'"
        known = [*self.client.search_runs([experiment_id], filter_string=same, max_results=1)]
        if known and PUBLISHED in known[0].data.tags:
            return False
        tags = {
            STATE: state,
            "source": results.source,
            "pipeline": results.pipeline,
            "mlflow.source.name": "recurrent repro",
            "mlflow.source.git.commit": results.git_commit,
        }
        if not known:
            with without_retries():
                known = [self.client.create_run(experiment_id, tags=tags, run_name=results.name)]
        run_id = str(known[0].info.run_id)
        self.log_final(run_id, results.metrics())
        self._upload(run_id, results.artifacts())
        self._log_tables(run_id, dict(results.tables()))
        self.client.set_terminated(run_id)
        self.client.set_tag(run_id, PUBLISHED, state)
        return True

    def find(self, run: TrackedRun) -> MlflowRun | None:
        """Return MLflow's run with this fingerprint, or None.

        Variants that differ only by name have the same fingerprint, so names are compared as well.
        """
        found = self.client.search_runs(
            [self.experiment_id(run.experiment)],
            filter_string=(
                f"tags.{FINGERPRINT} = '{run.fingerprint}' and tags.variant = "
                f"'{run.variant.variant}' and tags.experiment = '{run.variant.experiment}'"
            ),
            max_results=1,
        )
        return found[0] if found else None

    def experiment_id(self, experiment: TrackedExperiment) -> str:
        """Return the id of an experiment; create it if missing, and update its tags."""
        if experiment not in self.experiment_ids:
            found = self._find_or_create(experiment.title)
            known = self.client.get_experiment(found).tags
            for key, value in experiment.tags().items():
                if known.get(key) != value:
                    self.client.set_experiment_tag(found, key, value)
            self.experiment_ids[experiment] = found
        return self.experiment_ids[experiment]

    def _find_or_create(self, name: str) -> str:
        place, file = None, database.sqlite_file(self.uri)
        if file is not None:  # our own database: artifacts are stored next to it
            place = (file.resolve().parent / ARTIFACTS).as_uri()
        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self.client.create_experiment(name, artifact_location=place))
            except MlflowException:  # another process has created it, or the response was lost
                found = self.client.get_experiment_by_name(name)
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
        experiment_id = self.experiment_id(run.experiment)
        with without_retries():
            # MLflow then shows the training time as the duration of the run.
            start = int((time.time() - run.seconds) * 1000)
            return self.client.create_run(experiment_id, start, tags, run_name=run.display_name)

    def log_parameters(self, known: MlflowRun, parameters: Mapping[str, str]) -> None:
        """Add the parameters that the run lacks; MLflow does not accept a second value."""
        missing = [
            Param(key, value[:LONGEST_PARAMETER])
            for key, value in parameters.items()
            if key not in known.data.params
        ]
        self.client.log_batch(known.info.run_id, params=missing)

    def log_curves(self, run_id: str, points: Iterable[Point], *, new: bool) -> None:
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

    def _upload(self, run_id: str, artifacts: Iterable[tuple[Path, str]]) -> None:
        """Upload files and folders, each to its folder in the run."""
        for path, folder in artifacts:
            upload = self.client.log_artifacts if path.is_dir() else self.client.log_artifact
            upload(run_id, str(path), folder or None)

    def _log_model(self, known: MlflowRun, run: TrackedRun) -> LoggedModel:
        """Bring the run's model up to date except for its metrics; return it."""
        model = models.find(self.client, known)
        if model is None:
            with without_retries():
                model = models.create(self.client, known, run)
        models.complete(self.client, known, run, model)
        return model

    def log_final(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """Replace the final metrics of an earlier evaluation."""
        logged = self.client.get_run(run_id).data.metrics
        changed = {name: value for name, value in metrics.items() if logged.get(name) != value}
        self._log_metrics(run_id, changed)

    def _log_metrics(self, run_id: str, metrics: Mapping[str, float], **links: str) -> None:
        """Log metrics without steps; `links` names the model and the dataset that they measure."""
        now = int(time.time() * 1000)
        final = [Metric(name, value, now, 0, **links) for name, value in metrics.items()]
        self.client.log_batch(run_id, metrics=final)

    def _log_tables(self, run_id: str, tables: Mapping[str, Columns]) -> None:
        """Write tables as `mlflow.log_table` does, but replace earlier ones."""
        shown = {name: f"tables/{name}.json" for name in tables}
        for name, columns in tables.items():
            rows = [list(row) for row in zip(*columns.values(), strict=True)]
            self.client.log_dict(run_id, {"columns": [*columns], "data": rows}, shown[name])
        listed = [{"path": path, "type": "table"} for path in shown.values()]
        self.client.set_tag(run_id, TABLES, json.dumps(listed))

    def _log_data(self, known: MlflowRun, run: TrackedRun) -> None:
        """Add the encoded dataset; its digest is DVC's hash."""
        inputs = known.inputs.dataset_inputs if known.inputs else []
        logged = {(one.dataset.name, one.dataset.digest) for one in inputs}
        if not run.data.digest or (run.data.name, run.data.digest) in logged:
            return
        dataset = Dataset(
            name=run.data.name,
            digest=run.data.digest,
            source_type="local",
            source=json.dumps({"uri": f"data/encoded/{run.data.name}"}),
            profile=json.dumps({f"{split} records": n for split, n in run.data.sizes.items()}),
        )
        context = InputTag("mlflow.data.context", run.evaluation()["split"])
        self.client.log_inputs(known.info.run_id, [DatasetInput(dataset, [context])])


def _open_database(uri: str) -> None:
    """Create our own database completely; give up early on one that cannot be opened."""
    from mlflow.store.db import utils

    utils.MAX_RETRY_COUNT = TRIES
    file = database.sqlite_file(uri)
    if file is not None:
        database.create_once(file, lambda part: mlflow.MlflowClient(part).search_experiments())


@contextmanager
def without_retries() -> Iterator[None]:
    """Disable retries: if only the response was lost, a retry would create a second run."""
    tries, os.environ[RETRIES] = os.environ[RETRIES], "0"
    try:
        yield
    finally:
        os.environ[RETRIES] = tries
