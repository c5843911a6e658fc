"""Encode a running text as character ids, with windows on it for each split."""

from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from recurrent.common import files
from recurrent.common.config import Count, Fraction, Frozen
from recurrent.data.text import windows
from recurrent.data.text.dataset import Order, RunningText, Targets
from recurrent.data.text.windows import Starts, Stretch
from recurrent.data.vocabulary import Vocabulary


class Settings(Frozen):
    """How a text is read, and which part of it is held out."""

    characters: Count | None = None  # at the start of the text; null: all
    newlines: Literal["keep", "space"] = "keep"
    window: Count  # characters
    stride: Count  # from the start of one window to the start of the next
    targets: Targets
    order: Order = "shuffled"
    # contiguous: each split is a stretch of text, and no window crosses into the next.
    # random, last: the lectures' own splits. Random windows may overlap with training windows.
    split: Literal["contiguous", "random", "last"] = "contiguous"
    valid: Fraction = 0.0
    test: Fraction = 0.0
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    exclude_last: int = Field(default=0, ge=0)  # last windows that a random split never draws

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if self.order == "sequential" and self.targets == "last":
            raise ValueError("`order: sequential` needs `targets: every`")
        if self.split != "contiguous" and (self.order == "sequential" or self.test):
            raise ValueError("`order: sequential` and `test` need `split: contiguous`")
        if self.split == "last" and self.valid:
            raise ValueError("`split: last` validates on one window: remove `valid`")
        if self.split == "random" and self.targets == "every" and self.stride < self.window:
            raise ValueError(
                "`split: random` with `targets: every` needs `stride` at least as large as "
                "`window`, or characters count more than once"
            )
        return self


def encode(clean: Path, settings: Settings) -> tuple[RunningText, dict[str, object]]:
    """Return the text as ids with the starts of its windows, and a report of sizes."""
    text, nats = _read(clean, settings)
    vocabulary = Vocabulary(sorted(set(text)))
    stretches, starts = _split(len(text), settings)
    windows.refuse_empty(starts, settings.window, settings.valid, settings.test)
    encoded = RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(text),
        window=settings.window,
        targets=settings.targets,
        order=settings.order,
        starts=starts,
        stretches=stretches,
        nats=nats,
        origin=files.read_json(clean / "origin.json"),
    )
    return encoded, {
        "origin": encoded.origin,
        "characters": len(text),
        "vocabulary": len(vocabulary),
        **{split: len(rows) for split, rows in starts.items()},
    }


def _read(clean: Path, settings: Settings) -> tuple[str, NDArray[np.float32] | None]:
    """Return the text, and the cost of each character if its source is known."""
    text = (clean / "text.txt").read_bytes().decode("utf-8")[: settings.characters]
    nats = clean / "nats.npy"
    known = nats.exists()
    if settings.newlines == "space" and set(text) & {"\n", "\r"}:
        text = text.replace("\n", " ").replace("\r", " ")
        known = False  # these costs include the difference between a line end and a space
    return text, np.load(nats)[: len(text)] if known else None


def _split(length: int, settings: Settings) -> tuple[dict[str, Stretch] | None, dict[str, Starts]]:
    """Return the stretches, if the split is contiguous, and the windows of each split."""
    window, stride = settings.window, settings.stride
    if settings.split == "contiguous":
        stretches = windows.split(length, settings.valid, settings.test)
        # Held-out windows predict each character once: one window for each, or adjacent windows.
        side_by_side = 1 if settings.targets == "last" else window
        return stretches, {
            name: windows.starts(stretch, window, stride if name == "train" else side_by_side)
            for name, stretch in stretches.items()
        }
    everywhere = windows.starts((0, length), window, stride)
    if settings.split == "last":
        chosen = np.arange(len(everywhere))[-1:]
    else:  # drawn as the lecture's library does; NumPy guarantees that this stream stays the same
        drawn = max(len(everywhere) - settings.exclude_last, 0)
        valid = max(1, int(settings.valid * drawn))
        chosen = np.sort(np.random.RandomState(settings.seed).permutation(drawn)[:valid])
    none = np.zeros(0, dtype=np.int32)
    return None, {"train": np.delete(everywhere, chosen), "valid": everywhere[chosen], "test": none}
