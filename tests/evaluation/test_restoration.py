"""Hidden characters: how many are restored, at what cost, and what readers are shown."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.text.dataset import RunningText
from recurrent.evaluation import restoration
from recurrent.evaluation.restoration import figures, measured, samples
from recurrent.tasks.restore import EVERY
from tests.data.texts import encoded, some_text

TEXT = "".join(chr(0x4E00 + place) for place in range(50))  # no character is there twice
RECORDS = np.array([45, 46, 47, 49], dtype=np.int32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> RunningText:
    """Fifty characters; the id of each is its place and one."""
    return encoded(tmp_path_factory.mktemp("text"), TEXT, valid=0.1, test=0.1)


def answering(answers: str, sure: list[float]) -> NDArray[np.float64]:
    """ln of a table that gives its answer `sure`, and shares what is left, padding excepted."""
    rows = []
    for answer, chance in zip(answers, sure, strict=True):
        row = np.full(1 + len(TEXT), (1 - chance) / (len(TEXT) - 1))
        row[0], row[1 + TEXT.index(answer)] = 0, chance
        rows.append(row)
    with np.errstate(divide="ignore"):
        return np.log(rows)


def right(records: NDArray[np.int32] = RECORDS) -> str:
    return "".join(TEXT[place] for place in records)


def test_the_figures_are_the_share_that_is_right_and_the_cost_of_the_right_one() -> None:
    chances = [[0.0, 0.5, 0.25, 0.25], [0.0, 0.7, 0.2, 0.1], [0.0, 0.1, 0.1, 0.8]]
    with np.errstate(divide="ignore"):
        found = figures(np.log(chances), np.array([1, 2, 3], dtype=np.uint16))
    loss = -(math.log(0.5) + math.log(0.2) + math.log(0.8)) / 3
    assert found == pytest.approx({"restored": 2 / 3, "restoring_loss": loss})


@given(st.integers(2, 90), st.integers(1, 20))
def test_a_guess_among_equals_costs_the_logarithm_of_their_number(
    characters: int, places: int
) -> None:
    table = np.full((places, characters), -math.log(characters))
    found = figures(table, np.arange(places, dtype=np.uint16) % characters)
    assert found["restoring_loss"] == pytest.approx(math.log(characters))


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_who_is_right_so_often_restores_so_many(hits: list[bool]) -> None:
    asked = np.ones(len(hits), dtype=np.uint16)
    table = np.log([[0.2, 0.7, 0.1] if hit else [0.2, 0.1, 0.7] for hit in hits])
    assert figures(table, asked)["restored"] == pytest.approx(sum(hits) / len(hits))


def test_a_report_has_each_seed_their_mean_and_their_spread(data: RunningText) -> None:
    wrong = TEXT[0]
    logs = {
        3: answering(right(), [0.5] * 4),
        7: answering(right()[:2] + wrong + wrong, [0.5] * 4),
    }
    found = measured(data, RECORDS, logs)
    report = found.report
    other = -(2 * math.log(0.5) + 2 * math.log(0.5 / 49)) / 4
    chance = {"restored_by_the_commonest_character": 0.0}  # it is not among the last five
    found_3, found_7 = {"restored": 1, "restoring_loss": math.log(2)}, {"restored": 0.5}
    assert report["by_seed"][3] == pytest.approx(found_3 | chance)
    assert report["by_seed"][7] == pytest.approx({**found_7, "restoring_loss": other} | chance)
    assert report["mean"]["restored"] == 0.75
    assert report["mean"]["restoring_loss"] == pytest.approx((math.log(2) + other) / 2, abs=1e-6)
    assert report["spread"]["restored"] == pytest.approx(0.5 / 2**0.5, abs=1e-6)
    assert (report["characters"], report["floor"]) == (4, None)
    assert (report["protocol"], report["on"]) == ("held-out", "the last 5 of 50 characters")


def test_the_merit_of_a_place_is_the_share_of_seeds_that_restore_it(data: RunningText) -> None:
    wrong = TEXT[0]
    logs = {
        3: answering(right(), [0.5] * 4),
        7: answering(right()[:2] + wrong + wrong, [0.5] * 4),
    }
    found = measured(data, RECORDS, logs)
    assert found.merit.tolist() == [1, 1, 0.5, 0.5]
    assert found.records is RECORDS
    assert found.together is None


def test_a_single_seed_has_no_spread(data: RunningText) -> None:
    assert "spread" not in measured(data, RECORDS, {0: answering(right(), [0.5] * 4)}).report


def test_a_model_on_its_training_text_is_not_held_out(tmp_path: Path) -> None:
    text = encoded(tmp_path, TEXT, valid=0.0, test=0.0)
    report = measured(text, RECORDS, {0: answering(right(), [0.5] * 4)}).report
    assert report["protocol"] == "its training text"
    assert report["on"] == "the 4 characters that trained it"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("a" * 12 + "b" * 28 + "ccccc" + "babba", 0.6),
        ("a" * 19 + "b" * 21 + "aaaaa" + "aaaab", 0.2),  # the commonest of the training text
        ("a" * 28 + "b" * 12 + "bbbbb" + "aabbb", 0.4),
    ],
)
def test_who_always_says_the_commonest_character_restores_some(
    tmp_path: Path, text: str, share: float
) -> None:
    read = encoded(tmp_path, text, valid=0.1, test=0.1)
    records = np.arange(45, 50, dtype=np.int32)
    table = np.full((5, len(read.vocabulary)), -1.0)
    mean = measured(read, records, {0: table}).report["mean"]
    assert mean["restored_by_the_commonest_character"] == pytest.approx(share)


def test_a_sample_shows_the_gap_what_was_hidden_and_the_answer(data: RunningText) -> None:
    places = np.array([20, 30], dtype=np.int32)
    answers = TEXT[20] + TEXT[7]
    assert samples(data, places, answering(answers, [0.9, 0.4])) == [
        {"text": TEXT[14:20] + "□" + TEXT[21:27], "hidden": TEXT[20], "answer": TEXT[20]},
        {"text": TEXT[24:30] + "□" + TEXT[31:37], "hidden": TEXT[30], "answer": TEXT[7]},
    ]


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (0, "□" + TEXT[1:7]),
        (3, TEXT[:3] + "□" + TEXT[4:10]),
        (6, TEXT[:6] + "□" + TEXT[7:13]),
        (45, TEXT[39:45] + "□" + TEXT[46:]),
        (49, TEXT[43:49] + "□"),
    ],
)
def test_at_the_edges_of_the_text_less_is_shown_and_never_the_other_end(
    data: RunningText, place: int, shown: str
) -> None:
    (sample,) = samples(data, np.array([place], dtype=np.int32), answering(TEXT[place], [0.9]))
    assert sample["text"] == shown
    assert sample["hidden"] == TEXT[place]


def test_no_sample_shows_what_was_hidden_beside_it() -> None:
    assert restoration.CONTEXT < EVERY


@given(st.integers(1, 60))
def test_samples_are_few_and_from_the_first_place_to_the_last(
    data: RunningText, places: int
) -> None:
    records = np.arange(places, dtype=np.int32) % len(TEXT)
    hidden = [
        s["hidden"] for s in samples(data, records, answering(right(records), [0.9] * places))
    ]
    assert len(hidden) == min(places, restoration.SAMPLES)
    assert hidden[0] == TEXT[0]
    if places > 1:
        assert hidden[-1] == TEXT[records[-1]]


def test_the_samples_are_of_the_first_seed(data: RunningText) -> None:
    logs = {
        seed: answering(TEXT[seed] * 4, [0.9] * 4) for seed in (7, 3)
    }  # the first that was asked, whatever its number
    shown = measured(data, RECORDS, logs).samples["restored"]
    assert {sample["answer"] for sample in shown} == {TEXT[7]}
    assert [sample["hidden"] for sample in shown] == [*right()]


def test_neighbours_depend_on_each_other_as_those_of_a_language_model(tmp_path: Path) -> None:
    text = encoded(tmp_path, some_text(200))
    table = np.log(np.full((4, len(text.vocabulary)), 1 / len(text.vocabulary)))
    assert measured(text, RECORDS, {0: table}).block == 100
