"""A running text as character ids, with windows on it and the stretches that nobody trains on."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from recurrent import files
from recurrent.data.text import windows
from recurrent.data.text.dataset import SPLITS, Order, RunningText, Targets
from recurrent.data.text.windows import Starts, Stretch
from recurrent.data.vocabulary import Vocabulary
from recurrent.errors import PipelineError
from recurrent.validation import BySource, Count, Fraction, Frozen


class Settings(Frozen):
    """How a text is read, and which part of it is held out."""

    characters: Count | BySource[Count] | None = None  # the first; null: all
    newlines: Literal["keep", "space"] = "keep"
    steps: int = Field(ge=1)  # characters a window
    stride: int = Field(ge=1)  # from the start of one window to that of the next
    targets: Targets
    order: Order = "shuffled"
    # contiguous: no window crosses from a stretch into the next; the lectures' other ways:
    # random: windows drawn by `seed`, though they overlap; last: the last window alone.
    split: Literal["contiguous", "random", "last"] = "contiguous"
    valid: Fraction = 0.0
    test: Fraction = 0.0
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    spared: int = Field(default=0, ge=0)  # windows at the end that `random` leaves to training


def encode(clean: Path, settings: Settings) -> tuple[RunningText, dict[str, object]]:
    """The text once, as ids; a window is two numbers."""
    _refuse_contradictions(settings)
    text, nats, origin = read(clean, settings)
    vocabulary = Vocabulary(sorted(set(text)))
    stretches, begins = _split(len(text), settings)
    encoded = RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(text),
        steps=settings.steps,
        targets=settings.targets,
        order=settings.order,
        begins=begins,
        stretches=stretches,
        nats=nats,
        origin=origin,
    )
    return encoded, {
        "origin": origin,
        "characters": len(text),
        "vocabulary": len(vocabulary),
        **{split: len(rows) for split, rows in begins.items()},
    }


def read(clean: Path, settings: Settings) -> tuple[str, NDArray[np.float32] | None, dict[str, str]]:
    """The text, what each character cost its source if that is known, and where it is from."""
    origin = files.read_json(clean / "origin.json")
    length = settings.characters
    if isinstance(length, BySource):
        length = length.of(origin)
    text = (clean / "text.txt").read_bytes().decode("utf-8")[:length]
    nats = clean / "nats.npy"
    known = nats.exists()
    if settings.newlines == "space" and set(text) & {"\n", "\r"}:
        text = text.replace("\n", " ").replace("\r", " ")
        known = False  # the source's costs are those of telling a new line from a space
    return text, np.load(nats)[: len(text)] if known else None, origin


def _refuse_contradictions(settings: Settings) -> None:
    faults = {
        "`order: consecutive` has an answer at every step: take `targets: every`": (
            settings.order == "consecutive" and settings.targets == "last"
        ),
        "windows split one by one leave no stretch to read on in: take `split: contiguous`": (
            settings.order == "consecutive" and settings.split != "contiguous"
        ),
        "windows split one by one leave no text held out: take `split: contiguous` for `test`": (
            settings.test > 0 and settings.split != "contiguous"
        ),
        "`split: last` has one window to validate: leave out `valid`": (
            settings.split == "last" and settings.valid > 0
        ),
        "overlapping windows ask for a character more than once: take `stride` as `steps`": (
            settings.split == "random"
            and settings.targets == "every"
            and settings.stride < settings.steps
        ),
    }
    for fault, found in faults.items():
        if found:
            raise PipelineError(f"{fault}.", where="params.yaml: datasets")


def _split(length: int, settings: Settings) -> tuple[dict[str, Stretch] | None, dict[str, Starts]]:
    """The stretches, if there are any, and the windows of each split."""
    if settings.split == "contiguous":
        stretches = windows.split(length, settings.valid, settings.test)
        # Held out, no character counts twice: a window for each, or windows side by side; what
        # fills no window is left out.
        side_by_side = 1 if settings.targets == "last" else settings.steps
        begins = {
            name: windows.starts(
                stretch, settings.steps, settings.stride if name == "train" else side_by_side
            )
            for name, stretch in stretches.items()
        }
        _refuse_empty(begins, settings, length)
        return stretches, begins
    everywhere = windows.starts((0, length), settings.steps, settings.stride)
    drawn = len(everywhere) - settings.spared
    valid = max(1, int(settings.valid * drawn))
    if settings.split == "last":
        chosen = np.arange(len(everywhere))[-1:]
    else:  # as the lecture's library draws it, by a stream that NumPy keeps as it is
        chosen = np.sort(np.random.RandomState(settings.seed).permutation(max(drawn, 0))[:valid])
    none = np.zeros(0, dtype=np.int32)
    begins = {"train": np.delete(everywhere, chosen), "valid": everywhere[chosen], "test": none}
    _refuse_empty(begins, settings, length)
    return None, begins


def _refuse_empty(begins: dict[str, Starts], settings: Settings, length: int) -> None:
    wanted = {"train": True, "valid": bool(settings.valid), "test": bool(settings.test)}
    for name in SPLITS:
        if wanted[name] and not len(begins[name]):
            raise PipelineError(
                f"{length:,} characters leave no window of {settings.steps} for {name}.",
                where="params.yaml: datasets",
                remedy="Shorten the windows (steps), or take a longer text.",
            )
