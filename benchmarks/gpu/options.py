"""What the command line asks for, and what every part returns."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recurrent.common.config import Runtime

Found = dict[str, Any]  # a part's `rows`, `notes` and whatever else its section of the page shows


@dataclass(frozen=True)
class Options:
    """The device, the sizes and the places of all parts."""

    device: str  # cuda | cpu
    quick: bool  # tiny sizes: the numbers mean nothing
    jobs: int | None  # training processes; None: the project's default
    store: Path | None  # the run store; None: a temporary folder
    out: Path  # the folder of gpu.md and gpu/<part>.json

    @property
    def runtime(self) -> Runtime:
        """Return the runtime of all training runs."""
        return Runtime.model_validate(
            {"device": self.device, "reproducible": "fast", "tracking": False}
        )

    def data(self, part: str) -> Path:
        """Return the file of a part's data."""
        return self.out / "gpu" / f"{part}.json"


def seconds_left(deadline: float) -> float:
    """Return the seconds until a deadline on the monotonic clock; 0 if it has passed."""
    return max(0.0, deadline - time.monotonic())
