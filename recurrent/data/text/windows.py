"""Windows on a text: where each begins. One text is in memory once; a window is a view on it."""

import numpy as np
from numpy.typing import NDArray

from recurrent.errors import PipelineError

Starts = NDArray[np.int32]  # positions in the text
Stretch = tuple[int, int]  # from the first position to before the second


def starts(stretch: Stretch, steps: int, stride: int) -> Starts:
    """Every `stride` characters a window of `steps` whose last target is still in the stretch."""
    first, end = stretch
    return np.arange(first, end - steps, stride, dtype=np.int32)


def shuffled(begins: Starts, size: int, rng: np.random.Generator | None = None) -> list[Starts]:
    """Batches of windows in random order, or in the order given without `rng`."""
    order = begins if rng is None else rng.permutation(begins)
    return [order[start : start + size] for start in range(0, len(order), size)]


def consecutive(stretch: Stretch, steps: int, size: int) -> list[Starts]:
    """Batches that go on where the last one ended, row by row, so that a state can be carried.

    The stretch is cut into `size` rows of one length; what does not fill the rows, or a last
    window of every row, is left out.
    """
    first, end = stretch
    if size > end - first:
        return []
    length = (end - first) // size
    rows = first + length * np.arange(size, dtype=np.int32)
    return [rows + offset for offset in range(0, length - steps, steps)]


def covering(stretch: Stretch, rows: int, warm: int) -> tuple[Starts, int]:
    """Rows that together predict every character of a stretch: their starts, and their length.

    Each row reads `warm` characters more than it has to, so that no character is predicted from
    less than that, or else from the beginning of the text on. What two rows predict, the earlier
    one predicts from more. The very first character of a text is predicted by no one.
    """
    first, end = max(stretch[0], 1), stretch[1]
    length = -(-(end - first) // rows)
    warm = min(warm, end - 1 - length)
    scored = np.minimum(first + length * np.arange(rows), end - length)
    return np.maximum(0, scored - 1 - warm).astype(np.int32), warm + length


def split(length: int, valid: float, test: float) -> dict[str, Stretch]:
    """The text in three stretches: training first, then what chooses, then what measures."""
    if valid + test >= 1:
        raise PipelineError(
            f"`valid: {valid}` and `test: {test}` leave nothing to train on.",
            where="params.yaml: datasets",
            remedy="Together they stay below 1.",
        )
    held_out, chooses = int(length * test), int(length * valid)
    end = length - held_out
    return {"train": (0, end - chooses), "valid": (end - chooses, end), "test": (end, length)}
