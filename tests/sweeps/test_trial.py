"""A trial: its objective is that of the champions; it can be pruned, fail and continue."""

import re
from pathlib import Path
from typing import Any

import pytest

from recurrent.common import config, files
from recurrent.common.config import Config, checked
from recurrent.evaluation.headline import validation_losses
from recurrent.sweeps import study
from recurrent.sweeps.trial import Outcome, finished_outcome, objective, train_trial
from recurrent.training.fingerprint import Run, plan
from recurrent.training.store import RunStore
from tests.small_experiment import settings
from tests.training.small import edit, write_project


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_objective_is_the_validation_loss_that_chooses_champions(
    keep: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = settings().model_dump()
    values["experiments"]["small"]["training"] |= {"keep": keep}
    small = checked(Config, values, "here")
    losses = {1: 3.0, 2: 1.5, 3: 2.0}
    rows = "".join(f"one,0,{epoch},{loss}\n" for epoch, loss in losses.items())
    files.write_text(small.results.history("small"), f"variant,seed,epoch,valid_loss\n{rows}")
    training = small.find("small/one").training
    assert {"small/one": objective(losses, training)} == validation_losses(small)


def test_a_model_that_is_fitted_at_once_has_one_loss() -> None:
    training = settings(spec={"module": "ngrams", "name": "InterpolatedNgrams"}).find("small/one")
    assert objective({1: 2.5}, training.training) == 2.5


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The run store of a small project, which is the current folder."""
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return RunStore(tmp_path / "store")


def planned(**training: Any) -> Run:
    changed = {"training": training, "samples": None}
    return plan(edit(Path(), {"experiments": {"writing": changed}}), "writing")[0]


def train(run: Run, store: RunStore) -> Outcome:
    return train_trial(run, config.load().runtime, store.folder, ())


@pytest.mark.usefixtures("restored_torch")
def test_a_pruned_trial_stops_and_may_go_on_later(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []

    def worse(losses: dict[int, float], epochs: int, _: object) -> bool:
        asked.append([*losses])
        return len(losses) == 2

    run = planned(epochs=4)
    with monkeypatch.context() as patch:
        patch.setattr(study, "is_worse_than_median", worse)
        pruned = train(run, store)
    assert asked == [[1], [1, 2]]
    assert (pruned.state, [*pruned.losses], pruned.objective) == ("pruned", [1, 2], None)
    assert not store.finished(run.fingerprint)
    complete = train(run, store)
    assert complete == finished_outcome(run, store)
    assert complete.state == "complete" and [*complete.losses] == [1, 2, 3, 4]
    assert complete.losses.items() >= pruned.losses.items()
    assert complete.objective == complete.losses[4]


@pytest.mark.usefixtures("restored_torch")
def test_the_last_epoch_is_never_pruned(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "is_worse_than_median", lambda *_: True)
    assert train(planned(epochs=1), store).state == "complete"


@pytest.mark.parametrize(
    ("training", "reason"),
    [
        ({"optimizer": "sgd", "learning_rate": 3e38}, r"NaN or infinite.*Lower `learning_rate`"),
        ({"batch_size": 10_000}, "does not fill one batch"),
    ],
)
@pytest.mark.usefixtures("restored_torch")
def test_a_trial_that_cannot_be_trained_is_a_failed_one(
    training: dict[str, Any], reason: str, store: RunStore
) -> None:
    failed = train(planned(**training), store)
    assert (failed.state, failed.losses) == ("failed", {})
    assert re.search(reason, failed.reason)
