"""A sweep in a real MLflow store: a parent, a child for each trial, and nothing twice."""

from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities import Run as MlflowRun

from recurrent.tracking import sweeps
from recurrent.tracking.experiments import SHARED_VIEW
from recurrent.tracking.store import Store
from recurrent.tracking.sweeps import TrackedSweep, TrackedTrial
from tests.tracking.toy import EXPERIMENT, trained

RATE = "training.learning_rate"
TRIALS = [
    TrackedTrial(0, {RATE: 0.1}, "complete", {1: 3.0, 2: 2.0}, 2.0, "", 1000.0, 1002.5),
    TrackedTrial(1, {RATE: 0.01}, "pruned", {1: 4.0}, None, "", 1000.0, 1001.0),
    TrackedTrial(2, {RATE: 9.0}, "failed", {}, None, "the loss is NaN", 1001.0, 1002.0),
    TrackedTrial(3, {RATE: 0.2}, "running", {}, None, "", 1002.0),
]
SWEEP = TrackedSweep(
    id="a" * 32,
    name="mine",
    experiment=EXPERIMENT,
    variant="toy/lecture",
    space={RATE: "0.01..10.0:log"},
    names={RATE: "learning_rate"},
    seed=7,
    trials=TRIALS,
    commands=["recurrent try toy -S …"],
)
DONE = replace(
    SWEEP,
    trials=[
        *TRIALS[:3],
        TrackedTrial(3, {RATE: 0.2}, "complete", {1: 1.5}, 1.5, "", 1002.0, 1003.0),
    ],
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store to which the sweep is published when it was stopped, and when it is complete."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        for sweep in (SWEEP, SWEEP, DONE, DONE):
            sweeps.publish_sweep(sweep)
        return Store()


def runs(store: Store) -> dict[str, MlflowRun]:
    found = store.client.search_runs([store.experiment_id(EXPERIMENT)])
    named = {run.info.run_name: run for run in found if "sweep_id" in run.data.tags}
    assert len(named) == 5
    return named


def test_the_parent_has_the_space_and_the_best_trial(store: Store) -> None:
    parent = runs(store)["mine"]
    assert parent.data.params == {"space.learning_rate": "0.01..10.0:log", "sampler.seed": "7"}
    assert parent.data.metrics == {"objective": 1.5}
    tags = parent.data.tags
    assert (tags["best.trial"], tags["best.learning_rate"]) == ("3", "0.2")
    assert "4 trials" in tags["mlflow.note.content"]
    assert "    recurrent try toy -S …" in tags["mlflow.note.content"]


def test_each_trial_is_a_child_with_its_values_losses_and_state(store: Store) -> None:
    found = runs(store)
    parent = found["mine"].info.run_id
    status = {
        "trial 0": "FINISHED",
        "trial 1": "KILLED",
        "trial 2": "FAILED",
        "trial 3": "FINISHED",
    }
    assert {name: found[name].info.status for name in status} == status
    assert all(found[name].data.tags["mlflow.parentRunId"] == parent for name in status)
    first = found["trial 0"]
    assert first.data.params == {"learning_rate": "0.1"}
    assert first.data.metrics == {"objective": 2.0, "valid/loss": 2.0}
    points = store.client.get_metric_history(first.info.run_id, "valid/loss")
    assert [(point.step, point.value) for point in points] == [(1, 3.0), (2, 2.0)]
    assert first.info.end_time - first.info.start_time == 2500
    assert found["trial 1"].data.tags["state"] == "pruned"
    assert found["trial 2"].data.tags["mlflow.note.content"] == "the loss is NaN"


def test_a_child_is_not_taken_for_the_run_of_a_variant(store: Store, tmp_path: Path) -> None:
    assert store.find(trained(tmp_path)) is None


def test_the_experiment_has_a_view_of_the_sweep(store: Store) -> None:
    experiment_id = store.experiment_id(EXPERIMENT)
    assert sweeps.sweeps(store, experiment_id) == ["mine"]
    view = store.client.get_experiment(experiment_id).tags[f"{SHARED_VIEW}mine"]
    assert SWEEP.id in view and "params.`learning_rate`" in view and "PARALLEL" in view


def test_complete_trials_are_ranked() -> None:
    assert [trial.number for trial in DONE.ranked] == [3, 0]
    assert [trial.number for trial in SWEEP.ended] == [0, 1, 2]
    assert sweeps.STATUS.keys() == {"complete", "pruned", "failed"}
