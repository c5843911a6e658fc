"""Block lengths: when an error has enough blocks, and where songs start."""

import numpy as np
import pytest

from benchmarks.blocks import errors, songs


def test_an_error_needs_five_blocks() -> None:
    found = errors(np.random.default_rng(0).normal(size=1000))
    assert [error is None for error in found] == [False, False, False, True, True]


def test_neighbours_that_say_one_thing_raise_the_error_of_long_blocks() -> None:
    difference = np.repeat(np.random.default_rng(0).normal(size=100), 200)
    at_50, at_100, at_200, at_400, _ = (error or 0.0 for error in errors(difference))
    assert at_200 == pytest.approx(2 * at_50, rel=0.01)
    assert at_200 == pytest.approx(2**0.5 * at_100, rel=0.01)
    assert at_400 == pytest.approx(at_200, rel=0.2)


def test_a_song_starts_with_its_first_line_that_returns() -> None:
    verse = [f"line {number} of a verse" for number in range(4)]
    first = ["refrain one", *verse, "refrain one"]
    second = ["refrain two", *(line + "!" for line in verse), "refrain two"]
    lines = [*first, "between two songs", *second]
    starts = songs(lines)
    text = "\n".join(lines)
    assert [text[start : start + 11] for start in starts] == ["refrain one", "refrain two"]
