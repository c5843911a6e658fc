"""Wrong settings are refused by their place in one paragraph, or they train to finite numbers."""

import copy
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurrent.common import config
from recurrent.common.config import Config, checked
from recurrent.data import base as data
from recurrent.evaluation import lectures
from recurrent.studies import base as studies
from recurrent.tracking.history import read_history
from stages import train
from tests.project import ROOT
from tests.reliability.ledger import Many, Promised
from tests.reliability.nasty import VALUES, complaint
from tests.training import small

Place = tuple[str, ...]
SAMPLED = st.sampled_from(VALUES)
JSON = st.recursive(
    SAMPLED | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
TRAINING: dict[str, Any] = {
    "optimizer": "adamw", "learning_rate": 0.01, "schedule": "cosine", "weight_decay": 0.1,
    "clip_norm": 1.0, "epochs": 1, "batch_size": 4, "keep": "best", "gradient_norms": 2,
    "alarm": {"explodes": 1.0, "vanishes": 0.1},
}  # fmt: skip
SLOW = ("epochs", "length")  # a huge value is right, and takes forever


def check_params(values: dict[str, Any]) -> None:
    """Check params.yaml, and the settings that datasets and studies check themselves."""
    found = checked(Config, values, "params.yaml")
    for key, dataset in found.datasets.items():
        kind = data.encoder(dataset.kind).Settings
        checked(kind, dataset.settings, f"params.yaml: datasets.{key}.settings")
    for key, study in found.studies.items():
        checked(studies.load(study.module).Settings, study.settings, f"params.yaml: studies.{key}")


def check_lectures(values: dict[str, Any]) -> None:
    """Check lectures.yaml."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lectures, "read_yaml", lambda _: values)
        lectures.load()


def check_training(values: dict[str, Any]) -> None:
    """Train a small experiment. Every number that it records must be finite."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "load", lambda _: checked(Config, values, "params.yaml"))
        train.main("writing")
    history = read_history(Path("data/runs/writing/history.csv")).drop(columns="variant")
    assert len(history) and history.map(math.isfinite).all(axis=None)


def places(values: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the keys that lead to each value of nested maps."""
    for key, value in values.items() if isinstance(values, dict) else ():
        yield (*place, key)
        yield from places(value, (*place, key))


def replaced(values: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """Return a copy with another value at a place."""
    changed = copy.deepcopy(values)
    section = changed
    for key in place[:-1]:
        section = section[key]
    section[place[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("file", "check"), [("params.yaml", check_params), ("lectures.yaml", check_lectures)]
)
def test_any_value_at_any_key(
    file: str, check: Callable[[dict[str, Any]], None], promise: Promised, many: Many
) -> None:
    kept = promise(f"A wrong value in {file} is refused by its place", "any value at any key")
    real = config.read_yaml(ROOT / file)

    @settings(max_examples=many(40, 3_000))
    @given(st.sampled_from([*places(real)]), JSON)
    def tried(place: Place, value: Any) -> None:
        kept.injected += 1
        said = complaint(lambda: check(replaced(real, place, value)))
        named = len(place) == 1 or any(str(key) in said for key in place)
        assert not said or (said.startswith(file) and named), said

    check(real)
    tried()


@pytest.mark.usefixtures("restored_torch")
def test_any_value_in_an_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promise: Promised, many: Many
) -> None:
    kept = promise("Any setting trains to finite numbers or is refused", "any value at any key")
    monkeypatch.chdir(tmp_path)
    small.write_project(tmp_path)
    experiment = ("experiments", "writing")
    real = replaced(small.PARAMS, (*experiment, "training"), TRAINING)
    real = replaced(real, (*experiment, "variants"), {"lstm": {}})
    found = places(real["experiments"]["writing"])
    keys = [(*experiment, *place) for place in found if place[-1] not in SLOW]

    @settings(max_examples=many(30, 600))
    @given(st.sampled_from(keys), SAMPLED)
    def tried(place: Place, value: Any) -> None:
        kept.injected += 1
        complaint(lambda: check_training(replaced(real, place, value)))

    check_training(real)
    tried()
