import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.names.dataset import SPLITS, LabelledNames
from recurrent.data.splits import random_split
from recurrent.data.vocabulary import Vocabulary

NAMES = ["王强", "李小红", "张伟", "王芳"]
LABELS = [0, 1, 0, 1]
MALE = [0.9, 0.25, 0.4, 0.1]


def dataset(
    names: list[str], labels: list[int], male: list[float] | None, test: list[int]
) -> LabelledNames:
    vocabulary = Vocabulary(dict.fromkeys("".join(names)))
    ids, lengths = vocabulary.encode_rows(names)
    splits = dict.fromkeys(SPLITS, np.arange(len(names), dtype=np.int32))
    return LabelledNames(
        vocabulary=vocabulary,
        ids=ids,
        lengths=lengths,
        labels=np.array(labels, dtype=np.uint8),
        splits={**splits, "test": np.array(test, dtype=np.int32)},
        oracle=None if male is None else np.array(male, dtype=np.float32),
        origin={"source": "bundled", "name": "generated"},
    )


def arrays(data: LabelledNames) -> dict[str, NDArray[np.generic] | None]:
    return {
        "ids": data.ids,
        "lengths": data.lengths,
        "labels": data.labels,
        "oracle": data.oracle,
        **data.splits,
    }


@given(
    st.lists(st.text("王李张小红强，\"'\\é", min_size=1, max_size=5), min_size=3, max_size=20),
    st.booleans(),
)
def test_what_is_saved_is_what_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], known: bool
) -> None:
    data = dataset(names, [0] * len(names), [0.5] * len(names) if known else None, [0])
    data = dataclasses.replace(data, splits=random_split(len(names), None, 1, 1, 0))
    folder = tmp_path_factory.mktemp("data")
    data.save(folder)
    loaded = LabelledNames.load(folder)
    assert loaded.vocabulary.characters == data.vocabulary.characters
    assert loaded.origin == data.origin
    assert [loaded.name(row) for row in range(len(names))] == names
    for name, array in arrays(data).items():
        found = arrays(loaded)[name]
        if array is None or found is None:
            assert array is found
        else:
            assert found.dtype == array.dtype
            assert (found == array).all()


def test_the_files_hold_no_code_and_say_what_they_mean(tmp_path: Path) -> None:
    dataset(NAMES, LABELS, MALE, [0, 1]).save(tmp_path)
    for path in tmp_path.glob("*.npy"):
        assert np.load(path, allow_pickle=False).dtype != object
    text = (tmp_path / "dataset.json").read_text(encoding="utf-8")
    assert json.loads(text) == {
        "kind": "labelled names",
        "origin": {"source": "bundled", "name": "generated"},
        "classes": ["男", "女"],
        "vocabulary": "王强李小红张伟芳",
    }
    assert "王强李小红" in text  # readable, not escaped


def test_the_floor_is_what_bayes_rule_reaches_on_that_split() -> None:
    # The source's guesses: 王强 right, 李小红 right, 张伟 wrong.
    expected = {
        "accuracy": 2 / 3,
        "expected_accuracy": (0.9 + 0.75 + 0.6) / 3,
        "log_loss": -sum(map(math.log, (0.9, 0.75, 0.4))) / 3,
    }
    found = dataset(NAMES, LABELS, MALE, [0, 1, 2]).floor("test")
    assert found == pytest.approx(expected, abs=1e-6)


def test_an_unknown_source_has_no_floor() -> None:
    assert dataset(NAMES, LABELS, None, [0]).floor("test") is None
