from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.names.batches import of_equal_length

LENGTHS = st.lists(st.integers(1, 5), max_size=60)
SEEDS = st.none() | st.integers(0, 99)
Batches = list[NDArray[np.int32]]


@st.composite
def chosen(draw: st.DrawFn) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Some rows of a dataset, in any order, and the lengths of all."""
    lengths = draw(LENGTHS)
    order = draw(st.permutations(range(len(lengths))))
    count = draw(st.integers(0, len(lengths)))
    return np.array(order[:count], dtype=np.int32), np.array(lengths, dtype=np.uint8)


def shuffled(
    rows: NDArray[np.int32], lengths: NDArray[np.uint8], size: int, seed: int | None
) -> Batches:
    rng = None if seed is None else np.random.default_rng(seed)
    batches: Iterator[NDArray[np.int32]] = of_equal_length(rows, lengths, size, rng)
    return [*batches]


@given(chosen(), st.integers(1, 20), SEEDS)
def test_every_row_comes_once_and_every_batch_has_one_length_and_the_size(
    data: tuple[NDArray[np.int32], NDArray[np.uint8]], size: int, seed: int | None
) -> None:
    rows, lengths = data
    batches = shuffled(rows, lengths, size, seed)
    assert sorted(row for batch in batches for row in batch) == sorted(rows)
    for batch in batches:
        assert 1 <= len(batch) <= size
        assert len(set(lengths[batch])) == 1


@given(chosen(), st.integers(1, 20), SEEDS)
def test_no_more_batches_are_short_than_there_are_lengths(
    data: tuple[NDArray[np.int32], NDArray[np.uint8]], size: int, seed: int | None
) -> None:
    rows, lengths = data
    short = [batch for batch in shuffled(rows, lengths, size, seed) if len(batch) < size]
    assert len(short) <= len(set(lengths[rows]))


LENGTHS_OF_200 = np.tile([2, 3], 100).astype(np.uint8)
ALL_200 = np.arange(200, dtype=np.int32)


def test_without_a_generator_the_order_is_that_of_the_rows() -> None:
    batches = shuffled(ALL_200, LENGTHS_OF_200, 30, None)
    assert np.concatenate(batches).tolist() == [*range(0, 200, 2), *range(1, 200, 2)]


def test_a_generator_shuffles_rows_and_batches() -> None:
    first, again, other = (shuffled(ALL_200, LENGTHS_OF_200, 30, seed) for seed in (1, 1, 2))
    assert np.concatenate(first).tolist() == np.concatenate(again).tolist()
    assert np.concatenate(first).tolist() != np.concatenate(other).tolist()
    assert {frozenset(batch.tolist()) for batch in first} != {
        frozenset(batch.tolist()) for batch in other
    }
    turns = [int(LENGTHS_OF_200[batch[0]]) for batch in first]
    assert turns != sorted(turns)


def test_the_rows_given_are_not_moved() -> None:
    rows = ALL_200.copy()
    shuffled(rows, LENGTHS_OF_200, 30, 1)
    assert rows.tolist() == ALL_200.tolist()


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="zero"):
        shuffled(ALL_200, LENGTHS_OF_200, 0, None)
