"""Each run has one model in MLflow: complete, with its metrics, and loadable if it can answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.entities import LoggedModel, LoggedModelStatus
from mlflow.models import Model

from recurrent.common import files
from recurrent.tracking import models
from recurrent.tracking.runs import TrackedRun
from recurrent.tracking.store import Store
from tests.tracking.toy import EVALUATION, trained


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> TrackedRun:
    """A run that no other test has published."""
    return trained(tmp_path, fingerprint=request.node.name)


def models_of(store: Store, run: TrackedRun) -> list[LoggedModel]:
    known = store.find(run)
    assert known is not None
    found = store.client.search_logged_models([known.info.experiment_id])
    return [model for model in found if model.source_run_id == known.info.run_id]


def the_model(store: Store, run: TrackedRun) -> LoggedModel:
    (model,) = models_of(store, run)
    return model


def uploaded(model: LoggedModel) -> Path:
    """The folder of the model's files."""
    return Path(model.artifact_location.removeprefix("file://"))


def outputs(store: Store, run: TrackedRun) -> list[str]:
    known = store.find(run)
    assert known is not None
    return [
        output.model_id for output in store.client.get_run(known.info.run_id).outputs.model_outputs
    ]


def metrics(model: LoggedModel) -> list[tuple[str, float]]:
    return sorted((metric.key, metric.value) for metric in model.metrics or ())


def test_a_run_has_a_model_with_files_parameters_and_metrics(store: Store, run: TrackedRun) -> None:
    store.publish(run, "state")
    model = the_model(store, run)
    assert (model.name, model.model_type) == ("toy-lecture", "next_token")
    assert model.status == LoggedModelStatus.READY
    assert outputs(store, run) == [model.model_id]
    assert model.tags["fingerprint"] == run.fingerprint
    assert model.params["model.hidden"] == "8"
    assert metrics(model) == sorted(run.final_metrics().items())
    record = Model.load(str(uploaded(model)))
    assert (record.model_id, record.run_id) == (model.model_id, model.source_run_id)
    assert record.signature.inputs.input_names() == ["prefix"]
    assert (uploaded(model) / "artifacts/network/seed-0.safetensors").read_bytes() == b"weights"


def test_publishing_twice_adds_nothing(store: Store, run: TrackedRun) -> None:
    store.publish(run, "state")
    before = the_model(store, run)
    store.publish(run, "the same files, published by another version")
    assert the_model(store, run).to_dictionary() == before.to_dictionary()
    assert outputs(store, run) == [before.model_id]


def test_a_new_evaluation_replaces_the_metrics(store: Store, run: TrackedRun) -> None:
    store.publish(run, "first")
    path = run.results.evaluation("toy", "lecture")
    files.write_json(path, {**EVALUATION, "mean": {"loss": 1.25}})
    store.publish(run, "second")
    store.publish(run, "third")
    losses = [value for name, value in metrics(the_model(store, run)) if name == "test/loss"]
    assert losses == [1.25, 1.5]


@pytest.mark.parametrize("step", ["log_model_artifacts", "log_outputs", "finalize_logged_model"])
def test_a_model_that_a_kill_left_incomplete_is_completed(
    store: Store, run: TrackedRun, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> Iterator[None]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store.client, step, killed)
        with pytest.raises(KeyboardInterrupt):
            store.publish(run, "state")
    assert the_model(store, run).status == LoggedModelStatus.PENDING
    store.publish(run, "state")
    model = the_model(store, run)
    assert model.status == LoggedModelStatus.READY
    assert outputs(store, run) == [model.model_id]
    assert metrics(model) == sorted(run.final_metrics().items())
    assert (uploaded(model) / "MLmodel").exists()


def test_a_model_that_reads_ahead_has_its_weights_and_no_interface(
    store: Store, run: TrackedRun
) -> None:
    path = run.results.evaluation("toy", "lecture")
    files.write_json(path, {**EVALUATION, "by_prefix": True})
    assert not models.has_interface(run)
    store.publish(run, "state")
    found = {path.name for path in uploaded(the_model(store, run)).rglob("*") if path.is_file()}
    assert found == {"spec.json", "seed-0.safetensors"}
