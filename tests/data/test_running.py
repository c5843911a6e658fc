import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.text.dataset import SPLITS, RunningText
from tests.data.texts import ORIGIN, encoded, some_text

RANDOM: dict[str, Any] = {"split": "random", "valid": 0.2, "test": 0.0}
STREAM: dict[str, Any] = {"order": "consecutive"}
LAST: dict[str, Any] = {"split": "last", "valid": 0.0, "test": 0.0}
KINDS = [
    STREAM,
    *({**kind, "targets": t} for kind in ({}, RANDOM, LAST) for t in ("last", "every")),
]


def arrays(data: RunningText) -> dict[str, NDArray[np.generic] | None]:
    return {"ids": data.ids, "nats": data.nats, **data.begins}


def all_of(batches: list[NDArray[np.int32]]) -> list[int]:
    return [int(start) for batch in batches for start in batch]


@given(
    st.text("ab cé\"'\\\n\r\u2028王", min_size=60, max_size=90),
    st.booleans(),
    st.sampled_from(KINDS),
)
def test_what_is_saved_is_what_is_loaded(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    known: bool,
    kind: dict[str, Any],
) -> None:
    folder = tmp_path_factory.mktemp("data")
    nats = [0.25 * (i % 7) for i in range(len(text))] if known else None
    data = encoded(folder, text, nats, **kind)
    (folder / "nats.npy").unlink(missing_ok=True)  # of the clean text
    data.save(folder)
    loaded = RunningText.load(folder)
    assert loaded.vocabulary.decode(loaded.ids) == text
    assert loaded.about() == data.about()
    assert loaded.stretches == data.stretches
    assert (loaded.stretches is None) == ("split" in kind)
    assert loaded.measured == data.measured
    for name, array in arrays(data).items():
        found = arrays(loaded)[name]
        if array is None or found is None:
            assert array is found
        else:
            assert found.dtype == array.dtype
            assert (found == array).all()


def test_the_files_hold_no_code_and_say_what_they_mean(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    encoded(tmp_path, "王小红 和 李伟\n" * 10, [1.0] * 90).save(folder)
    names = {path.stem for path in folder.glob("*.npy")}
    assert names == {"ids", "nats", *SPLITS}
    for name in names:
        assert np.load(folder / f"{name}.npy", allow_pickle=False).dtype != object
    text = (folder / "dataset.json").read_text(encoding="utf-8")
    assert json.loads(text) == {
        "kind": "running text",
        "origin": ORIGIN,
        "vocabulary": [*"\n 伟和小李王红"],
        "steps": 4,
        "targets": "every",
        "reads_on": False,
        "order": "shuffled",
        "stretches": {"train": [0, 72], "valid": [72, 81], "test": [81, 90]},
    }
    assert "伟" in text  # readable, not escaped


@pytest.mark.parametrize(
    ("changes", "split"),
    [
        ({}, "test"),
        ({"test": 0.0}, "valid"),
        ({"valid": 0.0}, "test"),
        ({"valid": 0.0, "test": 0.0}, "train"),
        (RANDOM, "valid"),
        (STREAM, "test"),
    ],
)
def test_results_are_measured_on_what_is_furthest_from_training(
    tmp_path: Path, changes: dict[str, Any], split: str
) -> None:
    assert encoded(tmp_path, some_text(100), **changes).measured == split


def test_windows_come_in_the_order_of_the_generator(tmp_path: Path) -> None:
    data = encoded(tmp_path, some_text(400))
    begins = data.begins["train"].tolist()
    assert all_of(data.batches("train", 16)) == begins
    found = all_of(data.batches("train", 16, np.random.default_rng(0)))
    assert found != begins
    assert sorted(found) == begins


@pytest.mark.parametrize("split", SPLITS)
def test_rows_that_read_on_stay_in_their_stretch_whatever_the_generator(
    tmp_path: Path, split: str
) -> None:
    data = encoded(tmp_path, some_text(400), **STREAM)
    assert data.stretches
    first, end = data.stretches[split]
    plain = data.batches(split, 3)
    shuffled = data.batches(split, 3, np.random.default_rng(0))
    assert all_of(plain) == all_of(shuffled)
    assert len(plain) == ((end - first) // 3 - 1) // 4 > 1
    assert all((after == before + 4).all() for before, after in pairwise(plain))
    assert plain[0].tolist() == [first + row * ((end - first) // 3) for row in range(3)]
    assert max(all_of(plain)) + 4 < end


def test_the_floor_is_what_the_source_paid_for_those_characters_alone(tmp_path: Path) -> None:
    nats = [9.0] * 100
    nats[3], nats[50], nats[99] = 1.0, 2.0, 4.5
    data = encoded(tmp_path, some_text(100), nats)
    floor = data.floor(np.array([3, 50, 99], dtype=np.int32))
    assert floor == pytest.approx({"loss": 2.5, "perplexity": math.exp(2.5)}, abs=1e-6)


def test_an_unknown_source_has_no_floor(tmp_path: Path) -> None:
    assert encoded(tmp_path, some_text(100)).floor(np.array([3], dtype=np.int32)) is None
