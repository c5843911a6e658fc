"""Versions and the alias of a champion: new weights, better ones, other data, and a kill."""

from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities.model_registry import ModelVersion

from recurrent.common import files
from recurrent.tracking import registry
from recurrent.tracking.champions import Champion
from recurrent.tracking.registry import register
from recurrent.tracking.store import Store
from tests.tracking.toy import trained


class Lecture:
    """A lecture whose champion changes."""

    def __init__(self, store: Store, folder: Path, name: str) -> None:
        self.store, self.folder, self.name = store, folder, name

    def champion(self, weights: str, loss: float, data: str = "data") -> Champion:
        """Train and publish a network; return it as the champion."""
        run = trained(self.folder / weights, fingerprint=f"{self.name} {weights}")
        run = replace(run, git_commit="abc")
        files.write_bytes(run.results.weights("toy", "lecture", 0), weights.encode())
        self.store.publish(run, "state")
        return Champion(self.name, "a toy", run, loss, data)

    def register(self, weights: str, loss: float, data: str = "data") -> str:
        return register(self.store, self.champion(weights, loss, data))

    def versions(self) -> list[ModelVersion]:
        found = self.store.client.search_model_versions(f"name = '{self.name}'")
        return sorted(found, key=lambda version: int(version.version))

    def best(self) -> ModelVersion:
        return self.store.client.get_model_version_by_alias(self.name, "champion")


@pytest.fixture
def lecture(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Lecture:
    """A lecture that no other test has registered."""
    return Lecture(store, tmp_path, request.node.name.replace("_", "-"))


def test_the_first_champion_is_version_1(lecture: Lecture, store: Store) -> None:
    champion = lecture.champion("first", 1.5)
    said = register(store, champion)
    (version,) = lecture.versions()
    text = "toy/lecture, validation loss 1.5000 on nietzsche_8."
    assert said == f"{lecture.name}: version 1 is the champion. {text}"
    assert lecture.best().description == text
    assert lecture.best().version == version.version
    assert version.tags == {
        "variant": "toy/lecture",
        "valid_loss": "1.5",
        "dataset": "nietzsche_8",
        "data": "data",
        "weights": champion.weights(),
        "fingerprint": champion.run.fingerprint,
        "git_commit": "abc",
    }
    run = store.find(champion.run)
    assert run is not None and version.run_id == run.info.run_id
    (model,) = store.client.search_logged_models(
        [run.info.experiment_id], f"source_run_id = '{run.info.run_id}'"
    )
    assert version.source == f"models:/{model.model_id}"
    assert f'"{lecture.name}"' in model.tags["mlflow.modelVersions"]
    about = store.client.get_registered_model(lecture.name).description
    assert about.startswith("A toy. ") and "`champion`" in about


def test_the_same_weights_are_registered_once(lecture: Lecture) -> None:
    lecture.register("first", 1.5)
    assert lecture.register("first", 1.5) == ""
    assert len(lecture.versions()) == 1


def test_the_alias_moves_to_a_better_version_only(lecture: Lecture) -> None:
    lecture.register("first", 1.5)
    said = lecture.register("worse", 1.6)
    assert said == f"{lecture.name}: version 2 is not better than the champion."
    assert lecture.best().tags["valid_loss"] == "1.5"
    said = lecture.register("better", 1.4)
    assert "validation loss 1.4000" in said and "version 1 has 1.5000" in said
    assert lecture.register("first", 1.5) == "", "an old version does not come back"
    assert [version.tags["valid_loss"] for version in lecture.versions()] == ["1.5", "1.6", "1.4"]
    assert lecture.best().tags["valid_loss"] == "1.4"


def test_other_data_move_the_alias_and_the_version_says_so(lecture: Lecture) -> None:
    lecture.register("first", 1.5)
    lecture.register("other", 2.5, data="other data")
    assert lecture.best().tags["valid_loss"] == "2.5"
    assert "Version 1 was trained on other data" in lecture.best().description
    assert "version 1 is the champion" in lecture.register("first", 1.5), "the first data are back"
    assert lecture.best().tags["valid_loss"] == "1.5"
    assert len(lecture.versions()) == 2


@pytest.mark.parametrize("step", ["create_model_version", "set_registered_model_alias"])
def test_a_registration_that_a_kill_left_incomplete_is_completed(
    lecture: Lecture, store: Store, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store.client, step, killed)
        with pytest.raises(KeyboardInterrupt):
            lecture.register("first", 1.5)
    lecture.register("first", 1.5)
    assert len(lecture.versions()) == 1
    assert lecture.best().tags["valid_loss"] == "1.5"


def test_a_version_that_someone_else_registered_is_replaced(lecture: Lecture, store: Store) -> None:
    champion = lecture.champion("first", 1.5)
    store.client.create_registered_model(lecture.name)
    with registry.using_tracking_uri(store.uri):
        store.client.create_model_version(lecture.name, "file:///somewhere")
    store.client.set_registered_model_alias(lecture.name, "champion", "1")
    register(store, champion)
    assert lecture.best().tags["valid_loss"] == "1.5"
