"""The MLflow model of a run: its files, and its entry in the run's outputs.

store.py imports this after it has configured MLflow.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus
from mlflow.entities import Run as MlflowRun
from mlflow.models import Model

from recurrent.common import paths
from recurrent.serving import package
from recurrent.tracking.runs import TrackedRun


def find(client: MlflowClient, known: MlflowRun) -> LoggedModel | None:
    """Return the model of a run, complete or not; None if there is none."""
    found = client.search_logged_models(
        [known.info.experiment_id], filter_string=f"source_run_id = '{known.info.run_id}'"
    )
    return found[0] if found else None


def create(client: MlflowClient, known: MlflowRun, run: TrackedRun) -> LoggedModel:
    """Create the model of a run, without files."""
    return client.create_logged_model(
        known.info.experiment_id,
        name=run.variant.name.replace("/", "-"),  # MLflow does not accept a slash
        source_run_id=known.info.run_id,
        tags={"fingerprint": run.fingerprint},
        params=run.parameters(),
        model_type=run.variant.task,
    )


def complete(client: MlflowClient, known: MlflowRun, run: TrackedRun, model: LoggedModel) -> None:
    """Upload the files of a model, add it to the outputs of its run, and mark it as READY.

    If MLflow cannot load the model, upload only its network.
    """
    if model.status == LoggedModelStatus.READY:
        return
    run_id, model_id = known.info.run_id, model.model_id
    network = run.results.model(run.variant.experiment, run.variant.variant)
    if has_interface(run):
        with TemporaryDirectory() as folder:
            record = Model(artifact_path=model.artifact_location, run_id=run_id, model_id=model_id)
            words = paths.encoded(run.variant.dataset) / "words.json"
            package.save(
                network, Path(folder), run.variant.task, words if words.exists() else None, record
            )
            client.log_model_artifacts(model_id, folder)
    else:
        client.log_model_artifacts(model_id, str(network), "network")
    outputs = client.get_run(run_id).outputs
    if model_id not in {output.model_id for output in (outputs.model_outputs if outputs else ())}:
        client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
    client.finalize_logged_model(model_id, LoggedModelStatus.READY)


def changed_metrics(model: LoggedModel, metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics whose last logged value differs or is missing."""
    logged = sorted(model.metrics or (), key=lambda metric: metric.timestamp)
    last = {metric.key: metric.value for metric in logged}
    return {name: value for name, value in metrics.items() if last.get(name) != value}


def links(model: LoggedModel, run: TrackedRun) -> dict[str, str]:
    """Return the model and the dataset that metrics are linked to."""
    of_model = {"model_id": str(model.model_id)}
    if not run.data.digest:
        return of_model
    return {**of_model, "dataset_name": run.data.name, "dataset_digest": run.data.digest}


def has_interface(run: TrackedRun) -> bool:
    """Return whether MLflow can load the model.

    A language model that sees ahead cannot continue text; it was evaluated by prefix. A model that
    reads another network's vectors cannot read the table itself.
    """
    reads_vectors = (paths.encoded(run.variant.dataset) / "vectors.npy").exists()
    sees_ahead = run.evaluation().get("by_prefix", False)
    return run.variant.task in package.INTERFACES and not (reads_vectors or sees_ahead)
