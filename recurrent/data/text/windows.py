"""Windows on a text, as the positions where they start. No window is copied."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recurrent.common.errors import PipelineError
from recurrent.data.splits import SPLITS

Starts = NDArray[np.int32]  # positions in the text
Stretch = tuple[int, int]  # first position, and one past the last


def starts(stretch: Stretch, window: int, stride: int) -> Starts:
    """Return a start every `stride` characters; the last target must be in the stretch."""
    first, stop = stretch
    return np.arange(first, stop - window, stride, dtype=np.int32)


def shuffled(rows: Starts, size: int, rng: np.random.Generator | None = None) -> list[Starts]:
    """Return batches in random order, or in the given order without `rng`."""
    order = rows if rng is None else rng.permutation(rows)
    return [order[first : first + size] for first in range(0, len(order), size)]


def sequential(stretch: Stretch, window: int, size: int) -> list[Starts]:
    """Return batches in which each row continues where it stopped in the batch before.

    The stretch is cut into `size` rows of equal length, so that a state can be carried from batch
    to batch. Characters at the end that fill neither a row nor a window are left out.
    """
    first, stop = stretch
    if size > stop - first:
        return []
    length = (stop - first) // size
    rows = first + length * np.arange(size, dtype=np.int32)
    return [rows + offset for offset in range(0, length - window, window)]


def covering(stretch: Stretch, rows: int, warm_up: int) -> tuple[Starts, int]:
    """Return starts and a length of rows that together predict every character of a stretch.

    Each row reads `warm_up` extra characters first, so that every prediction has at least that much
    context, or the whole preceding text if that is shorter. Where two rows predict the same
    character, the earlier row has more context. The first character of a text is never predicted.
    """
    first, stop = max(stretch[0], 1), stretch[1]
    length = -(-(stop - first) // rows)
    warm_up = min(warm_up, stop - 1 - length)
    scored = np.minimum(first + length * np.arange(rows), stop - length)
    return np.maximum(0, scored - 1 - warm_up).astype(np.int32), warm_up + length


def split(length: int, valid: float, test: float) -> dict[str, Stretch]:
    """Return the stretches of a text: training first, then validation, then test."""
    if valid + test >= 1:
        raise PipelineError(
            f"`valid: {valid}` and `test: {test}` leave nothing to train on.",
            where="params.yaml: datasets",
            remedy="Keep their sum below 1.",
        )
    second = length - int(length * test)
    first = second - int(length * valid)
    return {"train": (0, first), "valid": (first, second), "test": (second, length)}


def refuse_empty(splits: Mapping[str, Starts], window: int, valid: float, test: float) -> None:
    """Refuse a split that should have windows and has none."""
    shares = {"train": 1.0, "valid": valid, "test": test}
    for name in SPLITS:
        if shares[name] and not len(splits[name]):
            raise PipelineError(
                f"the text is too short: the split {name} has no window of {window}.",
                where="params.yaml: datasets",
                remedy="Lower `window`, or use a longer text.",
            )
