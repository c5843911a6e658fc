"""Windows against their definitions, and against the lecture's own sampling."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.text import windows
from recurrent.data.text.windows import Starts, Stretch

WINDOW = st.integers(1, 12)
SIZES = st.integers(1, 9)


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    first = draw(st.integers(0, 60))
    return first, first + draw(st.integers(0, 200))


@given(stretches(), WINDOW, st.integers(1, 15))
def test_windows_have_their_last_target_in_the_stretch(
    stretch: Stretch, window: int, stride: int
) -> None:
    first, stop = stretch
    starts = windows.starts(stretch, window, stride)
    assert starts.dtype == np.int32
    assert starts.tolist() == [
        start
        for start in range(first, stop)
        if (start - first) % stride == 0 and start + window < stop
    ]


@given(st.integers(0, 80), SIZES, st.none() | st.integers(0, 99))
def test_each_window_comes_once_and_only_the_last_batch_is_short(
    count: int, size: int, seed: int | None
) -> None:
    starts = np.arange(count, dtype=np.int32) * 3
    rng = None if seed is None else np.random.default_rng(seed)
    batches = windows.shuffled(starts, size, rng)
    found = [start for batch in batches for start in batch]
    assert (found if seed is None else sorted(found)) == starts.tolist()
    assert all(len(batch) == size for batch in batches[:-1])


def test_the_seed_decides_the_order() -> None:
    starts = np.arange(100, dtype=np.int32)
    first, again, other = (
        np.concatenate(windows.shuffled(starts, 7, np.random.default_rng(seed))).tolist()
        for seed in (1, 1, 2)
    )
    assert first == again
    assert len({tuple(first), tuple(other), tuple(range(100))}) == 3
    assert starts.tolist() == [*range(100)], "the given array is not changed"


def adjacent(
    text: NDArray[np.int64], window: int, size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The lecture's adjacent sampling: the text as rows, windows side by side along them."""
    length = len(text) // size
    rows = text[: size * length].reshape(size, length)
    offset = 0
    while offset + window <= length - 1:
        yield rows[:, offset : offset + window], rows[:, offset + 1 : offset + window + 1]
        offset += window


def read(batches: list[Starts], window: int) -> list[NDArray[np.int64]]:
    """The positions that each batch reads, (rows, window)."""
    return [batch[:, None] + np.arange(window) for batch in batches]


@given(stretches(), WINDOW, SIZES)
def test_sequential_batches_are_the_lectures_adjacent_sampling(
    stretch: Stretch, window: int, size: int
) -> None:
    text = np.random.default_rng(0).integers(1, 99, size=stretch[1])
    lecture = [*adjacent(text[slice(*stretch)], window, size)]
    batches = windows.sequential(stretch, window, size)
    assert len(batches) == len(lecture)
    for places, (inputs, targets) in zip(read(batches, window), lecture, strict=True):
        assert (text[places] == inputs).all()
        assert (text[places + 1] == targets).all()
    for before, after in pairwise(read(batches, window)):
        assert (after[:, 0] == before[:, -1] + 1).all()
    for batch in batches:
        assert batch.shape == (size,) and batch.dtype == np.int32
        assert stretch[0] <= batch.min()
        assert batch.max() + window < stretch[1]  # its last target


@given(stretches(), st.integers(1, 40), st.integers(0, 80))
def test_covering_rows_predict_every_character_with_enough_context(
    stretch: Stretch, rows: int, warm_up: int
) -> None:
    first, stop = max(stretch[0], 1), max(stretch[1], stretch[0] + 1, 2)
    starts, length = windows.covering((stretch[0], stop), rows, warm_up)
    assert starts.shape == (rows,) and starts.dtype == np.int32
    assert starts.min() >= 0
    assert (starts + length).max() < stop, "no row reads past the stretch"
    predicted = starts[:, None] + 1 + np.arange(length)
    for place in range(first, stop):
        predicts = (predicted == place).any(axis=1)
        assert predicts.any()
        context = place - starts[predicts].min()  # characters that the earliest row has read
        assert context >= min(place, warm_up + 1)
    bare, length = windows.covering((stretch[0], stop), rows, 0)
    assert bare.size * length < stop - first + rows, "hardly any character is predicted twice"


@given(st.integers(0, 700_000), st.floats(0, 0.5), st.floats(0, 0.49))
def test_three_stretches_are_the_whole_text_in_order(
    length: int, valid: float, test: float
) -> None:
    found = windows.split(length, valid, test)
    places = [place for name in ("train", "valid", "test") for place in found[name]]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, length)
    assert (places[1], places[3]) == (places[2], places[4])
    for name, share in (("valid", valid), ("test", test)):
        assert -1 < found[name][1] - found[name][0] - share * length <= 0
