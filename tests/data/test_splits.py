from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.splits import Indices, random_split
from recurrent.errors import PipelineError


def rows(splits: Mapping[str, Indices]) -> list[int]:
    return [int(row) for part in splits.values() for row in part]


COUNTS = st.integers(1, 40)


@given(COUNTS, st.integers(0, 40), COUNTS, st.integers(0, 50), st.integers(0, 2**32))
def test_sets_are_disjoint_sorted_and_of_the_sizes_asked_for(
    train: int, valid: int, test: int, spare: int, seed: int
) -> None:
    records = train + valid + test + spare
    splits = random_split(records, train, valid, test, seed)
    assert {name: len(part) for name, part in splits.items()} == {
        "train": train,
        "valid": valid,
        "test": test,
    }
    found = rows(splits)
    assert len(set(found)) == len(found)
    assert set(found) <= set(range(records))
    assert all((np.diff(part) > 0).all() for part in splits.values())


@given(st.integers(20, 500), st.floats(0, 0.3), st.floats(0.1, 0.3), st.integers(0, 99))
def test_shares_leave_all_the_rest_to_training(
    records: int, valid: float, test: float, seed: int
) -> None:
    splits = random_split(records, None, valid, test, seed)
    assert sorted(rows(splits)) == [*range(records)]
    assert abs(len(splits["valid"]) - valid * records) <= 0.5
    assert abs(len(splits["test"]) - test * records) <= 0.5


def test_a_seed_is_a_split() -> None:
    first, again, other = (random_split(1000, None, 0.1, 0.1, seed) for seed in (3, 3, 4))
    for name in first:
        assert first[name].tolist() == again[name].tolist()
        assert first[name].tolist() != other[name].tolist()


def test_the_test_set_depends_on_no_other_size() -> None:
    # A larger training set must not move the ruler.
    small, large = (random_split(1000, train, 50, 100, 0) for train in (10, None))
    assert small["test"].tolist() == large["test"].tolist()
    assert small["valid"].tolist() == large["valid"].tolist()


def test_sets_are_drawn_from_everywhere() -> None:
    splits = random_split(10_000, None, 0.1, 0.1, 0)
    for part in splits.values():
        assert abs(part.mean() - 5000) < 500


@pytest.mark.parametrize(
    ("records", "train", "valid", "test"),
    [
        (10, 9, 1, 1),
        (10, None, 5, 5),
        (10, None, 0, 0.04),
        (10, None, 0, 0),
        (10, None, 11, 1),
        (0, None, 0, 1),
    ],
)
def test_too_few_records_are_an_error_that_says_what_was_asked(
    records: int, train: int | None, valid: float, test: float
) -> None:
    with pytest.raises(PipelineError, match=f"{records} records do not suffice for .*'test'"):
        random_split(records, train, valid, test, 0)
