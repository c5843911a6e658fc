"""Batches of one length each."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.names.batches import of_equal_length
from recurrent.data.splits import Indices

LENGTHS_OF_200 = np.tile([2, 3], 100).astype(np.uint8)
ALL_200 = np.arange(200, dtype=np.int32)


@st.composite
def chosen(draw: st.DrawFn) -> tuple[Indices, NDArray[np.uint8]]:
    """Draw some rows of a dataset in any order, and the lengths of all rows."""
    lengths = draw(st.lists(st.integers(1, 5), max_size=60))
    order = draw(st.permutations(range(len(lengths))))
    count = draw(st.integers(0, len(lengths)))
    return np.array(order[:count], dtype=np.int32), np.array(lengths, dtype=np.uint8)


@given(chosen(), st.integers(1, 20), st.none() | st.integers(0, 99))
def test_each_row_comes_once_in_full_batches_of_one_length(
    data: tuple[Indices, NDArray[np.uint8]], size: int, seed: int | None
) -> None:
    rows, lengths = data
    rng = None if seed is None else np.random.default_rng(seed)
    batches = of_equal_length(rows, lengths, size, rng)
    assert sorted(row for batch in batches for row in batch) == sorted(rows)
    for batch in batches:
        assert 1 <= len(batch) <= size
        assert len(set(lengths[batch])) == 1
    short = [batch for batch in batches if len(batch) < size]
    assert len(short) <= len(set(lengths[rows]))


def test_rows_keep_their_order_without_a_generator() -> None:
    batches = of_equal_length(ALL_200, LENGTHS_OF_200, 30)
    assert np.concatenate(batches).tolist() == [*range(0, 200, 2), *range(1, 200, 2)]


def test_a_generator_shuffles_rows_and_batches_and_leaves_its_input_alone() -> None:
    rows = ALL_200.copy()
    first, again, other = (
        of_equal_length(rows, LENGTHS_OF_200, 30, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.concatenate(first).tolist() == np.concatenate(again).tolist()
    assert {frozenset(batch.tolist()) for batch in first} != {
        frozenset(batch.tolist()) for batch in other
    }
    turns = [int(LENGTHS_OF_200[batch[0]]) for batch in first]
    assert turns != sorted(turns)
    assert rows.tolist() == ALL_200.tolist()
