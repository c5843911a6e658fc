"""A running text as arrays: what encode writes, and training and evaluation read."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recurrent.data.about import read_about
from recurrent.data.text import windows
from recurrent.data.text.windows import Starts, Stretch
from recurrent.data.vocabulary import Vocabulary

KIND = "running text"
SPLITS = ("train", "valid", "test")
Targets = Literal["last", "every"]
Order = Literal["shuffled", "consecutive"]


@dataclass(frozen=True)
class RunningText:
    """One text, and how it is read. `nats` is what each character cost its source, if known."""

    vocabulary: Vocabulary
    ids: NDArray[np.uint16]  # the whole text
    steps: int  # characters a window
    targets: Targets  # what follows a window's last character, or each of them
    order: Order  # windows in random order, or rows that go on from batch to batch
    begins: dict[str, Starts]  # of the windows of each split
    stretches: dict[str, Stretch] | None  # of each split; None where windows are split at random
    nats: NDArray[np.float32] | None
    origin: dict[str, str]

    def save(self, folder: Path) -> None:
        """One .npy an array: they can be mapped into memory, and hold no code."""
        arrays: dict[str, NDArray[Any]] = {"ids": self.ids, **self.begins}
        if self.nats is not None:
            arrays["nats"] = self.nats
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        extra = {"kind": KIND, "order": self.order, "stretches": self.stretches}
        about = {**self.about(), **extra}
        text = json.dumps(about, ensure_ascii=False)
        (folder / "dataset.json").write_text(text + "\n", encoding="utf-8")

    def about(self) -> dict[str, Any]:
        """What the arrays do not say, and what a trained model must know of its text."""
        return {
            "origin": self.origin,
            "vocabulary": [*self.vocabulary.characters[1:]],
            "steps": self.steps,
            "targets": self.targets,
            "reads_on": self.reads_on,
        }

    @classmethod
    def load(cls, folder: Path) -> "RunningText":
        """Read what `save` wrote."""
        about = read_about(folder, KIND)
        stretches = about["stretches"]

        def array(name: str) -> NDArray[Any]:
            loaded: NDArray[Any] = np.load(folder / f"{name}.npy", allow_pickle=False)
            return loaded

        return cls(
            vocabulary=Vocabulary(about["vocabulary"]),
            ids=array("ids"),
            steps=about["steps"],
            targets=about["targets"],
            order=about["order"],
            begins={name: array(name) for name in SPLITS},
            stretches=stretches and {name: (a, b) for name, (a, b) in stretches.items()},
            nats=array("nats") if (folder / "nats.npy").exists() else None,
            origin=about["origin"],
        )

    @property
    def reads_on(self) -> bool:
        """Whether each batch goes on where the last one ended."""
        return self.order == "consecutive"

    @cached_property
    def measured(self) -> str:
        """The split that results are measured on: what is furthest from training that there is."""
        return next(name for name in reversed(SPLITS) if len(self.begins[name]))

    def batches(self, name: str, size: int, rng: np.random.Generator | None = None) -> list[Starts]:
        """The starts of each batch's windows."""
        if self.reads_on and self.stretches:
            return windows.consecutive(self.stretches[name], self.steps, size)
        return windows.shuffled(self.begins[name], size, rng)

    def floor(self, positions: NDArray[np.int32]) -> dict[str, float] | None:
        """What the source itself pays for these characters: no model can expect less."""
        if self.nats is None:
            return None
        loss = float(self.nats[positions].mean(dtype=np.float64))
        # Rounded: the last bits of an exponential differ between kinds of processors.
        return {"loss": round(loss, 6), "perplexity": round(float(np.exp(loss)), 6)}
