"""Wrong settings: refused by their key in one paragraph, or trained to finite numbers."""

import copy
import math
import warnings
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from recurrent import config, files
from recurrent.config import Config, checked
from recurrent.data import base as data
from recurrent.errors import PipelineError
from recurrent.evaluation import lectures
from recurrent.studies import base as studies
from recurrent.tracking.history import read_history
from stages import encode, train
from tests.project import ROOT
from tests.reliability.ledger import Many, Promised
from tests.reliability.nasty import VALUES, assert_paragraph, complaint
from tests.reliability.projects import projects

JSON = st.recursive(
    st.sampled_from(VALUES) | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


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


def places(values: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the keys that lead to each value."""
    inner = values.items() if isinstance(values, dict) else ()
    for key, value in inner:
        yield (*place, key)
        yield from places(value, (*place, key))


@pytest.mark.parametrize(
    ("file", "check"), [("params.yaml", check_params), ("lectures.yaml", check_lectures)]
)
def test_any_value_at_any_key(file: str, check: Any, promise: Promised, many: Many) -> None:
    kept = promise(f"A wrong value in {file} is refused by its place", "any value at any key")
    real = config.read_yaml(ROOT / file)

    @settings(max_examples=many(60, 3_000))
    @given(st.sampled_from([*places(real)]), JSON)
    def tried(place: tuple[Any, ...], value: Any) -> None:
        kept.injected += 1
        values = copy.deepcopy(real)
        section = values
        for key in place[:-1]:
            section = section[key]
        section[place[-1]] = value
        said = complaint(lambda: check(values))
        named = len(place) == 1 or any(str(key) in said for key in place)
        assert not said or (file in said and named), said

    check(real)
    tried()


def test_any_bytes_in_place_of_params(project: Any, promise: Promised, many: Many) -> None:
    kept = promise("params.yaml of any content is refused in one paragraph", "random bytes")
    starts = st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"source: bundled\n"])

    @settings(max_examples=many(60, 3_000))
    @given(starts, st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
    def tried(start: bytes, content: bytes) -> None:
        kept.injected += 1
        project.params.write_bytes(start + content)
        assert complaint(config.load).startswith("params.yaml: ")

    tried()


def test_whatever_data_and_settings_meet(tmp_path: Path, promise: Promised, many: Many) -> None:
    kept = promise(
        "Whatever data and settings meet, training ends in finite numbers or an error with a key",
        "random data, settings and models; most of them small, some absurd",
    )
    trained = 0

    @settings(max_examples=many(40, 2_000))
    @given(projects())
    def tried(drawn: tuple[str, dict[str, Any]]) -> None:
        nonlocal trained
        kept.injected += 1
        folder = tmp_path / str(kept.injected)
        folder.mkdir()
        with chdir(folder):
            try:
                run_stages(*drawn)
                trained += 1
            except PipelineError as fault:
                assert_paragraph(str(fault))
                assert fault.where

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, about what did not converge
        tried()
    assert trained > kept.injected / 10, "most were refused, so the test says little"
    kept.found = f"{trained:,} trained, the others refused"


def run_stages(content: str, params: dict[str, Any]) -> None:
    """Clean, encode and train. Nothing that is left may be NaN or infinite."""
    files.write_json(Path("params.yaml"), params)  # JSON is YAML
    corpus = config.load().corpora["c"]
    header = "dict,sex\n" if corpus.kind == "names" else ""
    files.write_text(Path("data/raw"), header + content)
    clean = Path("data/clean/c")
    files.write_json(clean / "origin.json", {"source": "own file", "name": "x"})
    data.corpus(corpus.kind).clean(Path("data/raw"), clean, corpus)
    encode.main("d")
    train.main("x")
    history = read_history(Path("data/runs/x/history.csv")).drop(columns="variant")
    assert len(history) and history.map(math.isfinite).all(axis=None)
    for weights in load_file("data/models/x/v/seed-0.safetensors").values():
        assert not weights.is_floating_point() or weights.isfinite().all()
