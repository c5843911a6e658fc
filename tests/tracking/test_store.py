"""A real MLflow store on SQLite: one run for each variant, and publishing twice adds nothing."""

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Run as MlflowRun

from recurrent.common import files
from recurrent.tracking.experiments import TrackedExperiment
from recurrent.tracking.runs import Point, TrackedRun
from recurrent.tracking.store import RETRIES, Store
from tests.tracking.toy import EVALUATION, trained

OTHER = TrackedExperiment("names", "Names")


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> TrackedRun:
    """A run that no other test has published."""
    return trained(tmp_path, fingerprint=request.node.name)


def found(store: Store, run: TrackedRun) -> MlflowRun:
    known = store.find(run)
    assert known is not None
    return known


def curve(store: Store, run: TrackedRun, name: str) -> list[tuple[int, float]]:
    points = store.client.get_metric_history(found(store, run).info.run_id, name)
    return sorted((point.step, point.value) for point in points)


def test_a_run_has_the_name_of_its_variant_and_short_parameters(
    store: Store, run: TrackedRun
) -> None:
    assert store.publish(run, "state")
    known = found(store, run)
    assert known.info.run_name == "a toy, lecture"
    assert known.info.status == "FINISHED"
    assert known.data.params.items() >= {
        ("model", "nietzsche.CharRnn"),
        ("model.hidden", "8"),
        ("learning_rate", "0.1"),
        ("alarm.explodes", "100.0"),
        ("dataset", "nietzsche_8"),
        ("dataset.window", "8"),
        ("dataset.split.valid", "0.1"),
        ("seeds", "[0, 1]"),
    }
    assert known.data.tags.items() >= {
        ("fingerprint", run.fingerprint),
        ("device", "cpu"),
        ("source", "bundled"),
        ("variant", "lecture"),
        ("experiment", "toy"),
    }
    assert known.data.tags["health"].startswith("seed 1: the gradient of W_hh explodes")


def test_a_run_has_curves_final_metrics_and_artifacts(store: Store, run: TrackedRun) -> None:
    store.publish(run, "state")
    assert curve(store, run, "seed_1/train/loss") == [(1, 2.0), (2, 1.5), (3, 1.333333)]
    assert curve(store, run, "train/loss") == [
        (1, 1.5),
        (2, 1.0),
        (3, pytest.approx(5 / 6, abs=1e-6)),
    ]
    assert curve(store, run, "seed_0/gradient_by_batch/W_hh") == [(1, 4.0), (51, 2e-9)]
    metrics = found(store, run).data.metrics
    assert metrics["seconds"] == 2.5
    assert {name: value for name, value in metrics.items() if name.startswith("test/")} == {
        "test/loss": 1.5,
        "test/perplexity": 4.48,
        "test/loss_sd": 0.1,
        "test/loss_ensemble": 1.4,
    }
    run_id = found(store, run).info.run_id
    listed = {
        item.path
        for folder in ("evaluation", "samples")
        for item in store.client.list_artifacts(run_id, folder)
    }
    assert listed == {
        "evaluation/lecture.json",
        "samples/lecture-samples.json",
    }


def test_a_run_names_its_dataset_and_has_a_table_of_losses(store: Store, run: TrackedRun) -> None:
    for state in ("first", "second"):
        store.publish(run, state)
    known = found(store, run)
    (used,) = known.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("nietzsche_8", f"{'d' * 32}.dir")
    assert '"train records": 90' in used.dataset.profile
    assert {tag.key: tag.value for tag in used.tags} == {"mlflow.data.context": "test"}
    file = store.client.download_artifacts(known.info.run_id, "tables/losses.json")
    written = files.read_json(Path(file))
    columns = zip(*written["data"], strict=True)
    table = dict(zip(written["columns"], map(list, columns), strict=True))
    assert table["seed"] == [0, 0, 0, 1, 1, 1] and table["epoch"] == [1, 2, 3] * 2
    assert table["train/loss"][3:] == [2.0, 1.5, 1.333333]
    assert table["train/perplexity"][3] == pytest.approx(7.389, abs=1e-3)


def test_a_perplexity_of_seeds_is_their_geometric_mean(store: Store, run: TrackedRun) -> None:
    store.publish(run, "state")
    losses = dict(curve(store, run, "train/loss"))
    for step, perplexity in curve(store, run, "train/perplexity"):
        assert perplexity == pytest.approx(math.exp(losses[step]), rel=1e-6)


def test_an_experiment_has_a_description_and_prepared_views(store: Store, run: TrackedRun) -> None:
    store.publish(run, "state")
    tags = store.client.get_experiment(store.experiment_id(run.experiment)).tags
    assert tags["mlflow.note.content"] == "About it"
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    assert "metrics.`test/loss`" in tags["mlflow.sharedViewState.runs"]
    changed = replace(run.experiment, description="About something else")
    again = store.client.get_experiment(store.experiment_id(changed))
    assert again.name == run.experiment.title
    assert again.tags["mlflow.note.content"] == "About something else"


def test_the_same_state_is_published_once(store: Store, run: TrackedRun) -> None:
    assert store.publish(run, "state")
    before = found(store, run).to_dictionary()
    assert not store.publish(run, "state")
    assert found(store, run).to_dictionary() == before


def test_a_run_that_a_kill_left_incomplete_is_completed(
    store: Store, run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [*run.points()]

    def killed(self: TrackedRun) -> list[Point]:
        return points[:4]

    with monkeypatch.context() as patch:
        patch.setattr(TrackedRun, "points", killed)
        patch.setattr(TrackedRun, "artifacts", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.publish(run, "state")
    assert store.publish(run, "state")
    logged = [(name, step) for name, _, step in points]
    assert sorted(logged) == sorted(
        (name, step) for name in {*dict(logged)} for step, _ in curve(store, run, name)
    )


def test_final_metrics_are_replaced_not_repeated(store: Store, run: TrackedRun) -> None:
    store.publish(run, "first")
    store.publish(run, "same evaluation")
    assert len(curve(store, run, "test/loss")) == 1
    path = run.results.evaluation("toy", "lecture")
    files.write_json(path, {**EVALUATION, "mean": {"loss": 1.25}})
    store.publish(run, "another evaluation")
    assert found(store, run).data.metrics["test/loss"] == 1.25


def test_variants_with_one_fingerprint_are_two_runs(store: Store, run: TrackedRun) -> None:
    other = trained(run.results.data.parent, "renamed", run.fingerprint)
    store.publish(run, "state")
    store.publish(other, "state")
    assert found(store, run).info.run_id != found(store, other).info.run_id
    assert found(store, run).info.experiment_id == found(store, other).info.experiment_id


def test_another_fingerprint_is_another_run(store: Store, run: TrackedRun) -> None:
    store.publish(run, "state")
    assert store.find(replace(run, fingerprint="another")) is None


def test_an_experiment_that_another_process_has_just_created_is_used(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, answers = store.experiment_id(OTHER), iter([None])
    store.experiment_ids.clear()
    look_up = store.client.get_experiment_by_name
    monkeypatch.setattr(
        store.client, "get_experiment_by_name", lambda name: next(answers, look_up(name))
    )
    assert store.experiment_id(OTHER) == known
    assert next(answers, "used") == "used"


def test_a_run_is_created_without_a_second_try(
    store: Store, run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, tries = store.client.create_run, []

    def create_run(*arguments: Any, **named: Any) -> object:
        tries.append(os.environ[RETRIES])
        return create(*arguments, **named)

    monkeypatch.setattr(store.client, "create_run", create_run)
    store.publish(run, "state")
    assert tries == ["0"]
    assert os.environ[RETRIES] != "0"


def test_artifacts_are_next_to_the_database_wherever_the_process_runs(store: Store) -> None:
    place = store.client.get_experiment(store.experiment_id(OTHER))
    database = Path(store.uri.removeprefix("sqlite:///"))
    assert place.artifact_location == (database.parent / "mlartifacts").as_uri()
