"""A real MLflow store on SQLite: a run a training, and logging twice adds nothing."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from recurrent.tracking.curves import Curves, flat
from recurrent.tracking.history import Row
from recurrent.tracking.mlflow_sink import RETRIES, Following, Store
from recurrent.tracking.recorder import Run

RUN = Run(
    "toy", "names", "a" * 64, (0, 1), {"training": {"rate": 0.1}, "seeds": [0, 1]}, "bundled", "cpu"
)
HISTORY: list[tuple[int, Row]] = [
    (seed, {"epoch": epoch, "train_loss": seed + 1 / epoch})
    for seed in (0, 1)
    for epoch in (1, 2, 3)
]
STEPS: list[tuple[int, Row]] = [
    (0, {"epoch": 1, "step": 1, "total": 1.0, "W_hh": 0.5}),
    (0, {"epoch": 3, "step": 51, "total": 0.5, "W_hh": 0.25}),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        return Store()


def curve(store: Store, run: Run, name: str) -> list[tuple[int, float]]:
    found = store.find(run)
    assert found is not None
    points = store.client.get_metric_history(found.info.run_id, name)
    return sorted((point.step, point.value) for point in points)


def test_a_run_is_named_like_its_experiment_and_found_by_its_fingerprint(store: Store) -> None:
    run_id = store.ensure(RUN)
    assert store.ensure(RUN) == run_id
    found = store.find(RUN)
    assert found is not None
    assert found.info.run_name == "toy"
    assert found.data.params == {"training.rate": "0.1", "seeds": "[0, 1]"}
    assert found.data.tags["source"] == "bundled"
    assert found.data.tags["device"] == "cpu"


def test_a_run_keeps_the_parameters_it_has_and_gets_those_it_lacks(store: Store) -> None:
    run = replace(RUN, fingerprint="e" * 64, parameters={"epochs": 2})
    run_id = store.ensure(run)
    store.ensure(replace(run, parameters={"epochs": 3, "rate": 0.5}))
    assert store.client.get_run(run_id).data.params == {"epochs": "2", "rate": "0.5"}


def test_another_fingerprint_is_another_run_of_the_same_experiment(store: Store) -> None:
    other = Run("toy", "names", "b" * 64, (0,), {}, "bundled", "cpu")
    assert store.ensure(other) != store.ensure(RUN)
    assert store.experiment("names") == store.experiment("names")


def test_curves_are_complete_and_logging_again_adds_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = store.ensure(RUN)
    store.log_curves(run_id, RUN.seeds, HISTORY[:4], STEPS[:1])  # killed here
    store.log_curves(run_id, RUN.seeds, HISTORY, STEPS)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    Store().log_curves(run_id, RUN.seeds, HISTORY, STEPS)
    assert curve(store, RUN, "seed_1/train_loss") == [(1, 2.0), (2, 1.5), (3, 1 + 1 / 3)]
    assert [step for step, _ in curve(store, RUN, "mean/train_loss")] == [1, 2, 3]
    assert curve(store, RUN, "seed_0/gradient_norm/W_hh") == [(1, 0.5), (51, 0.25)]


def test_the_mean_is_over_all_seeds_and_waits_for_the_last(store: Store) -> None:
    curves = Curves((0, 1))
    assert curves.points(0, {"epoch": 1, "loss": 1.0}) == [("seed_0/loss", 1.0, 1)]
    assert curves.points(1, {"epoch": 1, "loss": 3.0})[-1] == ("mean/loss", 2.0, 1)


def test_figures_are_replaced_not_repeated(store: Store) -> None:
    run_id = store.ensure(RUN)
    store.log_figures(run_id, {"test_accuracy": 0.9})
    store.log_figures(run_id, {"test_accuracy": 0.9})
    assert len(store.client.get_metric_history(run_id, "test_accuracy")) == 1
    store.log_figures(run_id, {"test_accuracy": 0.95})
    assert store.client.get_run(run_id).data.metrics["test_accuracy"] == 0.95


def test_live_logging_continues_the_run_that_is_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    run = Run("live", "names", "c" * 64, (0,), {}, "bundled", "cpu")
    for _ in range(2):  # the second time as after a kill
        following = Following(run)
        for epoch in (1, 2):
            following.epoch(0, {"epoch": epoch, "train_loss": 1.0})
    assert curve(store, run, "mean/train_loss") == [(1, 1.0), (2, 1.0)]


def test_an_experiment_that_another_training_has_just_made_is_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, asked = store.experiment("names"), iter([None])
    look_up = store.client.get_experiment_by_name
    monkeypatch.setattr(
        store.client, "get_experiment_by_name", lambda name: next(asked, look_up(name))
    )
    assert store.experiment("names") == known
    assert next(asked, "asked") == "asked"


def test_a_run_is_asked_for_once_lest_a_lost_answer_make_two(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, tries = store.client.create_run, []

    def create_run(*arguments: object, **named: object) -> object:
        tries.append(os.environ[RETRIES])
        return make(*arguments, **named)

    monkeypatch.setattr(store.client, "create_run", create_run)
    store.ensure(Run("once", "names", "d" * 64, (0,), {}, "bundled", "cpu"))
    assert tries == ["0"]
    assert os.environ[RETRIES] != "0"


@pytest.mark.parametrize(("finished", "status"), [(True, "FINISHED"), (False, "FAILED")])
def test_a_run_says_how_it_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch, finished: bool, status: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    run = Run("ended", "names", status, (0,), {}, "bundled", "cpu")
    following = Following(run)
    following.gradients(0, [STEPS[0][1]])
    following.close(finished=finished, health="seed 0: gradient exploding " + "at length " * 1000)
    found = store.find(run)
    assert found is not None
    assert found.info.status == status
    assert found.data.tags["health"].startswith("seed 0: gradient exploding")
    assert curve(store, run, "seed_0/gradient_norm/total") == [(1, 1.0)]


def test_artifacts_lie_beside_the_database_wherever_the_process_runs(store: Store) -> None:
    place = store.client.get_experiment_by_name("names")
    assert place is not None
    database = Path(store.uri.removeprefix("sqlite:///"))
    assert place.artifact_location == (database.parent / "mlartifacts").as_uri()


def test_nested_parameters_get_dotted_names() -> None:
    assert flat({"a": {"b": 1, "c": {"d": None}}, "e": [2]}) == [
        ("a.b", 1),
        ("a.c.d", None),
        ("e", [2]),
    ]
