"""The train stage on toy data, in processes that can be killed or refused a write.

They are forked from a server that has imported PyTorch: one takes tenths of a second.
"""

import multiprocessing
import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from recurrent import console
from recurrent.training.checkpoint import Checkpoint
from recurrent.training.store import CHECKPOINT, HISTORY, MANIFEST
from tests.reliability.nasty import assert_paragraph
from tests.training.small import edit, write_project

STORE = Path(".dvc/cache/runs")
TRAINED = "trained.txt"  # a line for each run that a process starts to train
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["recurrent.training.worker", "torch._dynamo", "stages.train"])


def prepare(folder: Path, **training: object) -> Path:
    """Write a small project with an experiment `writing`: two variants, three runs."""
    folder.mkdir(parents=True, exist_ok=True)
    write_project(folder)
    edit(folder, {"experiments": {"writing": {"training": {"gradient_norms": 3, **training}}}})
    return folder


class Stage:
    """`stages.train writing` in a process of its own, with a checkpoint after each epoch."""

    def __init__(self, folder: Path, fault: Callable[[], None] | None = None) -> None:
        self._reader, writer = context.Pipe(duplex=False)
        self.process = context.Process(target=_train, args=(folder, writer.fileno(), fault))
        self.process = context.Process(target=_train, args=(folder, writer, fault))
        self.process.start()
        writer.close()

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self.process.kill()
        self.process.join()

    def end(self) -> tuple[int | None, str]:
        """Wait for the end; return the exit status and what was printed."""
        with os.fdopen(os.dup(self._reader.fileno()), encoding="utf-8") as file:
            said = file.read()
        self.process.join()
        return self.process.exitcode, said
