"""Hidden characters: how many are restored, at what cost, and the samples."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.text.dataset import RunningText
from recurrent.evaluation.restoration import SAMPLES, measure, metrics, samples
from tests.data.texts import encoded

TEXT = "".join(chr(0x4E00 + place) for place in range(50))  # every character once
RECORDS = np.array([45, 46, 47, 49], dtype=np.int32)
RIGHT = "".join(TEXT[place] for place in RECORDS)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> RunningText:
    """Fifty characters; the id of each is its place and one."""
    return encoded(tmp_path_factory.mktemp("text"), TEXT, valid=0.1, test=0.1)


def answering(answers: str, sure: list[float]) -> NDArray[np.float64]:
    """A table of log probabilities: `sure` for each answer, the rest shared by other characters."""
    rows = []
    for answer, chance in zip(answers, sure, strict=True):
        row = np.full(1 + len(TEXT), (1 - chance) / (len(TEXT) - 1))
        row[0], row[1 + TEXT.index(answer)] = 0, chance  # padding is no character
        rows.append(row)
    with np.errstate(divide="ignore"):
        return np.log(rows)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.5, 0.9)), min_size=1, max_size=30))
def test_metrics_are_the_share_restored_and_the_cost_of_the_right_ones(
    answers: list[tuple[bool, float]],
) -> None:
    rows = [[0.05, p, 0.95 - p] if hit else [0.05, 0.95 - p, p] for hit, p in answers]
    found = metrics(np.log(rows), np.ones(len(rows), dtype=np.uint16))
    hits = [row[1] > row[2] for row in rows]
    assert found["restored"] == pytest.approx(sum(hits) / len(hits))
    cost = -sum(math.log(row[1]) for row in rows) / len(rows)
    assert found["restoration_loss"] == pytest.approx(cost)


def test_each_seed_is_measured_and_the_merit_is_the_share_of_seeds_that_restore(
    data: RunningText,
) -> None:
    wrong = TEXT[0]
    both = {3: answering(RIGHT, [0.5] * 4), 7: answering(RIGHT[:2] + 2 * wrong, [0.5] * 4)}
    found = measure(data, RECORDS, both)
    cost = -(2 * math.log(0.5) + 2 * math.log(0.5 / 49)) / 4
    constant = {"restored_by_most_frequent": 0.0}  # it is not among the last five characters
    first = {"restored": 1, "restoration_loss": math.log(2)} | constant
    assert found.by_seed[3] == pytest.approx(first)
    assert found.by_seed[7] == pytest.approx({"restored": 0.5, "restoration_loss": cost} | constant)
    assert found.merit.tolist() == [1, 1, 0.5, 0.5]
    assert (found.ensemble, found.bayes) == (None, None)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("a" * 12 + "b" * 28 + "ccccc" + "babba", 0.6),
        ("a" * 19 + "b" * 21 + "aaaaa" + "aaaab", 0.2),  # most frequent in the training text
    ],
)
def test_the_most_frequent_character_restores_some(tmp_path: Path, text: str, share: float) -> None:
    read = encoded(tmp_path, text, valid=0.1, test=0.1)
    records = np.arange(45, 50, dtype=np.int32)
    found = measure(read, records, {0: np.full((5, len(read.vocabulary)), -1.0)})
    assert found.by_seed[0]["restored_by_most_frequent"] == pytest.approx(share)


def test_a_sample_shows_the_gap_what_was_hidden_and_the_answer(data: RunningText) -> None:
    places = np.array([20, 49], dtype=np.int32)
    assert samples(data, places, answering(TEXT[20] + TEXT[7], [0.9, 0.4])) == [
        {"text": TEXT[14:20] + "□" + TEXT[21:27], "hidden": TEXT[20], "answer": TEXT[20]},
        {"text": TEXT[43:49] + "□", "hidden": TEXT[49], "answer": TEXT[7]},
    ]


@given(st.integers(1, 60))
def test_samples_are_few_and_from_the_first_place_to_the_last(
    data: RunningText, places: int
) -> None:
    records = np.arange(places, dtype=np.int32) % len(TEXT)
    answers = "".join(TEXT[place] for place in records)
    hidden = [one["hidden"] for one in samples(data, records, answering(answers, [0.9] * places))]
    assert len(hidden) == min(places, SAMPLES)
    assert (hidden[0], hidden[-1]) == (TEXT[0], TEXT[records[-1]])
