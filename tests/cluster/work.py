"""Work that trains nothing, for processes that import it."""

import os
import time
from dataclasses import dataclass
from typing import NoReturn

from recurrent.common.errors import PipelineError
from recurrent.training.interrupt import stop_if_requested
from recurrent.training.job import Training
from recurrent.training.store import HISTORY, RunStore


@dataclass(frozen=True)
class Half(Training):
    """Stops in the middle, as a trial that is pruned."""

    def __call__(self) -> str:
        place = RunStore(self.store).place(self.run.fingerprint)
        place.mkdir(parents=True)
        (place / HISTORY).write_text("epoch\n1\n")
        return f"half of {self.run}"


class Fails(Training):
    """Fails in a way that the user can fix."""

    def __call__(self) -> NoReturn:
        raise PipelineError("it explodes.", where=str(self.run), remedy="Lower `learning_rate`.")


class Dies(Training):
    """Dies, as a process that is out of memory."""

    def __call__(self) -> NoReturn:
        os._exit(9)


class Lasts(Training):
    """Lasts until it is stopped after an epoch."""

    def __call__(self) -> NoReturn:
        while True:
            time.sleep(0.01)
            stop_if_requested()
