"""A running text as arrays."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recurrent.data import base
from recurrent.data.splits import SPLITS
from recurrent.data.text import windows
from recurrent.data.text.windows import Starts, Stretch
from recurrent.data.vocabulary import Vocabulary

KIND = "text"
Targets = Literal["last", "every"]
Order = Literal["shuffled", "sequential"]


@dataclass(frozen=True)
class RunningText:
    """One text, and the windows through which it is read."""

    vocabulary: Vocabulary
    ids: NDArray[np.uint16]  # the whole text
    window: int  # characters
    targets: Targets  # predict what follows the window's last character, or each one
    order: Order  # shuffled windows, or rows that continue from batch to batch
    starts: dict[str, Starts]  # of each split's windows
    stretches: dict[str, Stretch] | None  # of each split; None if windows are split at random
    nats: NDArray[np.float32] | None  # -ln p of each character, if the source is known
    origin: dict[str, str]

    def save(self, folder: Path) -> None:
        """Write the arrays and dataset.json."""
        about = {**self.about(), "order": self.order, "stretches": self.stretches}
        base.write(folder, KIND, about, {"ids": self.ids, **self.starts, "nats": self.nats})

    def about(self) -> dict[str, Any]:
        """Return what a trained model must know about its text."""
        return {
            "origin": self.origin,
            "vocabulary": [*self.vocabulary.characters[1:]],
            "window": self.window,
            "targets": self.targets,
            "stateful": self.stateful,
        }

    @classmethod
    def load(cls, folder: Path) -> "RunningText":
        """Read what `save` wrote."""
        about = base.read_about(folder, KIND)
        stretches = about["stretches"]
        return cls(
            vocabulary=Vocabulary(about["vocabulary"]),
            ids=base.read_array(folder, "ids"),
            window=about["window"],
            targets=about["targets"],
            order=about["order"],
            starts={name: base.read_array(folder, name) for name in SPLITS},
            stretches=stretches and {name: (a, b) for name, (a, b) in stretches.items()},
            nats=base.read_optional(folder, "nats"),
            origin=about["origin"],
        )

    @property
    def stateful(self) -> bool:
        """Whether each batch continues where the last one stopped."""
        return self.order == "sequential"

    @cached_property
    def measured(self) -> str:
        """The split that results are measured on: test if there is one, else valid, else train."""
        return next(name for name in reversed(SPLITS) if len(self.starts[name]))

    def batches(self, name: str, size: int, rng: np.random.Generator | None = None) -> list[Starts]:
        """Return where the windows of each batch start."""
        if self.stateful and self.stretches:
            return windows.sequential(self.stretches[name], self.window, size)
        return windows.shuffled(self.starts[name], size, rng)

    def bayes(self, positions: NDArray[np.int32]) -> dict[str, float] | None:
        """Return the source's own loss on these characters; no model can expect a lower one."""
        if self.nats is None:
            return None
        loss = float(self.nats[positions].mean(dtype=np.float64))
        # Rounded, because the last bits of an exponential depend on the processor.
        return {"loss": round(loss, 6), "perplexity": round(float(np.exp(loss)), 6)}
