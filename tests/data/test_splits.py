"""Random splits: disjoint, of the wanted sizes, and the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common.errors import PipelineError
from recurrent.data.splits import grouped_split, independent_draws, random_split

COUNTS = st.integers(1, 40)


@given(COUNTS, st.integers(0, 40), COUNTS, st.integers(0, 50), st.integers(0, 2**32))
def test_sets_are_disjoint_sorted_and_of_the_wanted_sizes(
    train: int, valid: int, test: int, spare: int, seed: int
) -> None:
    records = train + valid + test + spare
    splits = random_split(records, train, valid, test, seed)
    sizes = {"train": train, "valid": valid, "test": test}
    assert {name: len(part) for name, part in splits.items()} == sizes
    found = np.concatenate([*splits.values()]).tolist()
    assert len(set(found)) == len(found)
    assert set(found) <= set(range(records))
    assert all((np.diff(part) > 0).all() for part in splits.values())


@given(st.integers(20, 500), st.floats(0, 0.3), st.floats(0.1, 0.3), st.integers(0, 99))
def test_shares_leave_the_rest_to_training(
    records: int, valid: float, test: float, seed: int
) -> None:
    splits = random_split(records, None, valid, test, seed)
    assert sorted(np.concatenate([*splits.values()]).tolist()) == [*range(records)]
    assert abs(len(splits["valid"]) - valid * records) <= 0.5
    assert abs(len(splits["test"]) - test * records) <= 0.5


def test_the_seed_decides_and_held_out_sets_ignore_the_training_size() -> None:
    first, again, other = (random_split(1000, None, 50, 100, seed) for seed in (3, 3, 4))
    small = random_split(1000, 10, 50, 100, 3)
    for name in first:
        assert first[name].tolist() == again[name].tolist()
        assert first[name].tolist() != other[name].tolist()
        assert name == "train" or small[name].tolist() == first[name].tolist()
        assert abs(first[name].mean() - 500) < 150, "drawn from everywhere"


@pytest.mark.parametrize(
    ("records", "train", "valid", "test"),
    [(10, 9, 1, 1), (10, None, 5, 5), (10, None, 0, 0.04), (10, None, 11, 1), (0, None, 0, 1)],
)
def test_too_few_records_are_refused_with_the_wanted_sizes(
    records: int, train: int | None, valid: float, test: float
) -> None:
    with pytest.raises(PipelineError, match=f"{records} records are too few for .*'test'"):
        random_split(records, train, valid, test, 0)


@given(COUNTS, st.integers(0, 40), COUNTS, st.integers(40, 80), st.integers(0, 99))
def test_independent_draws_are_sorted_distinct_and_of_the_wanted_sizes(
    train: int, valid: int, test: int, records: int, seed: int
) -> None:
    sizes = {"train": train, "valid": valid, "test": test}
    draws = independent_draws(records, sizes, seed)
    assert {name: len(part) for name, part in draws.items()} == sizes
    assert all((np.diff(part) > 0).all() and part.dtype == np.int32 for part in draws.values())
    assert all(0 <= row < records for part in draws.values() for row in part)


def test_independent_draws_overlap_as_often_as_chance_says() -> None:
    draws = independent_draws(1000, {"train": 500, "valid": 0, "test": 400}, 0)
    assert 160 < len(np.intersect1d(draws["train"], draws["test"])) < 240
    with pytest.raises(PipelineError, match="1,000 records are too few"):
        independent_draws(1000, {"train": 1001, "valid": 0, "test": 1}, 0)


@given(st.lists(st.integers(0, 12), min_size=30, max_size=200), st.integers(0, 99))
def test_a_grouped_split_divides_no_group_and_loses_no_record(keys: list[int], seed: int) -> None:
    groups = np.array([b"%d" % key for key in keys])
    if len(np.unique(groups)) < 3:
        return
    splits = grouped_split(groups, 1, 1, seed)
    assert sorted(np.concatenate([*splits.values()]).tolist()) == [*range(len(keys))]
    of_split = [set(groups[part]) for part in splits.values()]
    assert sum(map(len, of_split)) == len(set(groups)), "each group is in one set"
    assert len(set(groups[splits["test"]])) == 1
