"""A running text: saved, loaded, batched, and what its source pays for it."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.splits import SPLITS
from recurrent.data.text import windows
from recurrent.data.text.dataset import RunningText
from tests.data.texts import ORIGIN, encoded, some_text

RANDOM: dict[str, Any] = {"split": "random", "valid": 0.2, "test": 0.0}
LAST: dict[str, Any] = {"split": "last", "valid": 0.0, "test": 0.0}
STATEFUL: dict[str, Any] = {"order": "sequential"}


def all_of(batches: list[Any]) -> list[int]:
    return [int(start) for batch in batches for start in batch]


@given(
    st.text("ab cé\"'\\\n\r\u2028王", min_size=60, max_size=90),
    st.booleans(),
    st.sampled_from([{}, STATEFUL, RANDOM, {**LAST, "targets": "last"}]),
)
def test_loading_returns_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, text: str, known: bool, kind: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("data")
    nats = [0.25 * (i % 7) for i in range(len(text))] if known else None
    data = encoded(folder, text, nats, **kind)
    (folder / "nats.npy").unlink(missing_ok=True)  # of the clean text
    data.save(folder)
    loaded = RunningText.load(folder)
    assert loaded.vocabulary.decode(loaded.ids) == text
    assert loaded.about() == data.about()
    assert (loaded.stretches, loaded.order) == (data.stretches, data.order)
    assert (loaded.stretches is None) == ("split" in kind)
    for key in ("ids", "nats", "starts"):
        np.testing.assert_equal(getattr(loaded, key), getattr(data, key))
    assert loaded.ids.dtype == data.ids.dtype == np.uint16


def test_the_files_hold_no_objects_and_are_readable(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    encoded(tmp_path, "王小红 和 李伟\n" * 10, [1.0] * 90).save(folder)
    arrays = {path.stem: np.load(path, allow_pickle=False) for path in folder.glob("*.npy")}
    assert {*arrays} == {"ids", "nats", *SPLITS}
    text = (folder / "dataset.json").read_text(encoding="utf-8")
    assert json.loads(text) == {
        "kind": "text",
        "origin": ORIGIN,
        "vocabulary": [*"\n 伟和小李王红"],
        "window": 4,
        "targets": "every",
        "stateful": False,
        "order": "shuffled",
        "stretches": {"train": [0, 72], "valid": [72, 81], "test": [81, 90]},
    }
    assert "伟" in text  # not escaped


@pytest.mark.parametrize(
    ("changes", "split"),
    [
        ({}, "test"),
        ({"test": 0.0}, "valid"),
        ({"valid": 0.0, "test": 0.0}, "train"),
        (RANDOM, "valid"),
    ],
)
def test_results_are_measured_on_the_last_split_that_has_windows(
    tmp_path: Path, changes: dict[str, Any], split: str
) -> None:
    assert encoded(tmp_path, some_text(100), **changes).measured == split


def test_a_generator_shuffles_the_windows(tmp_path: Path) -> None:
    data = encoded(tmp_path, some_text(400))
    starts = data.starts["train"].tolist()
    assert all_of(data.batches("train", 16)) == starts
    found = all_of(data.batches("train", 16, np.random.default_rng(0)))
    assert found != starts
    assert sorted(found) == starts


def test_stateful_rows_continue_in_their_stretch_whatever_the_generator(tmp_path: Path) -> None:
    data = encoded(tmp_path, some_text(400), order="sequential")
    assert data.stateful and data.stretches
    for split, stretch in data.stretches.items():
        expected = all_of(windows.sequential(stretch, 4, 3))
        assert all_of(data.batches(split, 3)) == expected != []
        assert all_of(data.batches(split, 3, np.random.default_rng(0))) == expected


def test_bayes_is_what_the_source_pays_for_these_characters(tmp_path: Path) -> None:
    nats = [9.0] * 100
    nats[3], nats[50], nats[99] = 1.0, 2.0, 4.5
    positions = np.array([3, 50, 99], dtype=np.int32)
    bayes = encoded(tmp_path, some_text(100), nats).bayes(positions)
    assert bayes == pytest.approx({"loss": 2.5, "perplexity": math.exp(2.5)}, abs=1e-6)
    assert encoded(tmp_path, some_text(100)).bayes(positions) is None, "of an unknown source"
