"""Windows against their definitions, counted one by one, and against the lecture's own ways."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.text import windows
from recurrent.data.text.windows import Starts, Stretch

STEPS = st.integers(1, 12)
SIZES = st.integers(1, 9)


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    first = draw(st.integers(0, 60))
    return first, first + draw(st.integers(0, 200))


def generator(seed: int | None) -> np.random.Generator | None:
    return None if seed is None else np.random.default_rng(seed)


class TestStarts:
    @given(stretches(), STEPS, st.integers(1, 15))
    def test_every_window_with_its_last_target_in_the_stretch_and_no_other(
        self, stretch: Stretch, steps: int, stride: int
    ) -> None:
        first, end = stretch
        begins = windows.starts(stretch, steps, stride)
        assert begins.dtype == np.int32
        assert begins.tolist() == [
            start
            for start in range(first, end)
            if (start - first) % stride == 0 and start + steps <= end - 1
        ]


class TestShuffled:
    @given(st.integers(0, 80), SIZES, st.none() | st.integers(0, 99))
    def test_every_window_comes_once_and_only_the_last_batch_is_short(
        self, count: int, size: int, seed: int | None
    ) -> None:
        begins = np.arange(count, dtype=np.int32) * 3
        batches = windows.shuffled(begins, size, generator(seed))
        assert sorted(start for batch in batches for start in batch) == begins.tolist()
        assert all(len(batch) == size for batch in batches[:-1])
        assert all(1 <= len(batch) <= size for batch in batches)

    @given(st.lists(st.integers(0, 999), max_size=40), SIZES)
    def test_without_a_generator_the_order_is_kept(self, begins: list[int], size: int) -> None:
        batches = windows.shuffled(np.array(begins, dtype=np.int32), size)
        assert [start for batch in batches for start in batch] == begins

    def test_a_seed_is_an_order_and_what_is_given_stays_as_it_is(self) -> None:
        begins = np.arange(100, dtype=np.int32)
        first, again, other = (
            np.concatenate(windows.shuffled(begins, 7, generator(seed))).tolist()
            for seed in (1, 1, 2)
        )
        assert first == again
        assert len({tuple(first), tuple(other), tuple(begins.tolist())}) == 3
        assert begins.tolist() == [*range(100)]


def adjacent(
    text: NDArray[np.int64], steps: int, size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The lecture's adjacent sampling: the text as rows, windows side by side along them."""
    length = len(text) // size
    rows = text[: size * length].reshape(size, length)
    offset = 0
    while offset + steps <= length - 1:
        yield rows[:, offset : offset + steps], rows[:, offset + 1 : offset + steps + 1]
        offset += steps


def read(batches: list[Starts], steps: int) -> list[NDArray[np.int64]]:
    """The places that each batch's windows read: (rows, steps) a batch."""
    return [batch[:, None] + np.arange(steps) for batch in batches]


class TestConsecutive:
    @given(stretches(), STEPS, SIZES)
    def test_each_row_goes_on_where_the_batch_before_ended(
        self, stretch: Stretch, steps: int, size: int
    ) -> None:
        batches = windows.consecutive(stretch, steps, size)
        for before, after in pairwise(read(batches, steps)):
            assert (after[:, 0] == before[:, -1] + 1).all()
        for batch in batches:
            assert batch.shape == (size,)
            assert batch.dtype == np.int32
            assert stretch[0] <= batch.min()
            assert batch.max() + steps < stretch[1]  # its last target

    @given(stretches(), STEPS, SIZES)
    def test_the_rows_read_the_text_and_leave_out_the_remainder_alone(
        self, stretch: Stretch, steps: int, size: int
    ) -> None:
        first, end = stretch
        length = (end - first) // size
        batches = windows.consecutive(stretch, steps, size)
        found = np.concatenate([np.empty((size, 0), np.int64), *read(batches, steps)], axis=1)
        for number, row in enumerate(found):
            begin = first + number * length
            assert row.tolist() == [*range(begin, begin + found.shape[1])]
        # A row's last character is a target only; what else is left out fills no window.
        assert found.shape[1] % steps == 0
        assert 0 <= length - 1 - found.shape[1] < steps or length == found.shape[1] == 0

    @given(stretches(), STEPS, SIZES)
    def test_it_is_the_lectures_adjacent_sampling(
        self, stretch: Stretch, steps: int, size: int
    ) -> None:
        text = np.random.default_rng(0).integers(1, 99, size=stretch[1])
        lecture = [*adjacent(text[slice(*stretch)], steps, size)]
        ours = read(windows.consecutive(stretch, steps, size), steps)
        assert len(ours) == len(lecture)
        for places, (inputs, targets) in zip(ours, lecture, strict=True):
            assert (text[places] == inputs).all()
            assert (text[places + 1] == targets).all()


class TestCovering:
    @given(stretches(), st.integers(1, 40), st.integers(0, 80))
    def test_every_character_after_a_texts_first_is_predicted_from_enough(
        self, stretch: Stretch, rows: int, wanted: int
    ) -> None:
        first, end = max(stretch[0], 1), max(stretch[1], stretch[0] + 1, 2)
        begins, length = windows.covering((stretch[0], end), rows, wanted)
        assert begins.shape == (rows,)
        assert begins.dtype == np.int32
        assert begins.min() >= 0
        assert (begins + length).max() < end, "no row reads past the stretch"
        predicted = begins[:, None] + 1 + np.arange(length)
        for place in range(first, end):
            has_it = (predicted == place).any(axis=1)
            assert has_it.any()
            known = place - begins[has_it].min()  # characters that its first row has read
            assert known >= min(place, wanted + 1)

    @given(stretches(), st.integers(1, 40))
    def test_without_a_warm_up_hardly_any_is_predicted_twice(
        self, stretch: Stretch, rows: int
    ) -> None:
        first, end = max(stretch[0], 1), max(stretch[1], stretch[0] + 1, 2)
        begins, length = windows.covering((stretch[0], end), rows, 0)
        assert begins.size * length < end - first + rows


class TestSplit:
    @given(st.integers(0, 700_000), st.floats(0, 0.5), st.floats(0, 0.49))
    def test_three_stretches_are_the_whole_text_in_order(
        self, length: int, valid: float, test: float
    ) -> None:
        found = windows.split(length, valid, test)
        ends = [place for name in ("train", "valid", "test") for place in found[name]]
        assert ends == sorted(ends)
        assert (ends[0], ends[-1]) == (0, length)
        assert (ends[1], ends[3]) == (ends[2], ends[4])
        for name, share in (("valid", valid), ("test", test)):
            assert -1 < found[name][1] - found[name][0] - share * length <= 0
