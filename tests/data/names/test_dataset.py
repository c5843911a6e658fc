"""Labelled names: saved, loaded, and what Bayes' rule reaches on them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.names.dataset import LabelledNames
from recurrent.data.splits import SPLITS, random_split
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
        male_probability=None if male is None else np.array(male, dtype=np.float32),
        origin={"source": "bundled", "name": "generated"},
    )


@given(
    st.lists(st.text("王李张小红强，\"'\\é", min_size=1, max_size=5), min_size=3, max_size=20),
    st.booleans(),
)
def test_loading_returns_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], known: bool
) -> None:
    data = dataset(names, [0] * len(names), [0.5] * len(names) if known else None, [0])
    data = replace(data, splits=random_split(len(names), None, 1, 1, 0))
    folder = tmp_path_factory.mktemp("data")
    data.save(folder)
    loaded = LabelledNames.load(folder)
    assert loaded.about() == data.about()
    assert [loaded.name(row) for row in range(len(names))] == names
    for key in ("ids", "lengths", "labels", "splits", "male_probability"):
        np.testing.assert_equal(getattr(loaded, key), getattr(data, key))
    assert (folder / "bayes.npy").exists() == known


def test_bayes_is_what_the_source_reaches_on_a_split() -> None:
    # The source's guesses: 王强 right, 李小红 right, 张伟 wrong.
    expected = {
        "accuracy": 2 / 3,
        "expected_accuracy": (0.9 + 0.75 + 0.6) / 3,
        "log_loss": -sum(map(math.log, (0.9, 0.75, 0.4))) / 3,
    }
    found = dataset(NAMES, LABELS, MALE, [0, 1, 2]).bayes("test")
    assert found == pytest.approx(expected, abs=1e-6)
    assert dataset(NAMES, LABELS, None, [0]).bayes("test") is None, "of an unknown source"
