"""The train stage on toy data, in processes that can be killed or refused a write.

They are forked from a server that has imported PyTorch, so each starts in a tenth of a second.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from recurrent.common import console
from recurrent.training.checkpoint import Checkpoint
from recurrent.training.store import CHECKPOINT, FOLDER, HISTORY, MANIFEST
from tests.reliability import faults
from tests.reliability.ledger import Many, Promise
from tests.training.small import edit, write_project

RUNS, EPOCHS = 3, 3  # of the experiment `writing`
STORE = Path(".dvc/cache") / FOLDER
STARTED = "started.txt"  # one line for each run that a stage starts to train
Fault = Callable[[], None]
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    ["tests.reliability.runs", "recurrent.training.worker", "torch._dynamo"]
)


def prepare(folder: Path) -> Path:
    """Write a small project."""
    folder.mkdir()
    write_project(folder)
    edit(folder, {"experiments": {"writing": {"training": {"gradient_norms": 3}}}})
    return folder


class Stage:
    """`stages.train writing` in a process of its own, with a checkpoint after each epoch."""

    def __init__(self, folder: Path, fault: Fault | None = None) -> None:
        self._output, output = context.Pipe(duplex=False)
        self.process = context.Process(target=_train, args=(folder, output, fault))
        self.process.start()
        output.close()

    def end(self) -> tuple[int | None, str]:
        """Wait for the end; return the exit status (negative: a signal) and what was printed."""
        with os.fdopen(os.dup(self._output.fileno()), encoding="utf-8") as file:
            printed = file.read()
        self.process.join()
        return self.process.exitcode, printed


def _train(folder: Path, output: Connection, fault: Fault | None) -> None:
    from recurrent.training import worker
    from stages import train

    os.chdir(folder)
    sys.stdout = sys.stderr = os.fdopen(output.fileno(), "w", buffering=1, encoding="utf-8")
    worker.train_run = partial(worker.train_run, checkpoint_every_s=0.0)
    sys.addaudithook(_note_training)
    if fault is not None:
        fault()
    sys.argv = ["train", "writing"]
    console.run(train.main)


def _note_training(event: str, arguments: tuple[object, ...]) -> None:
    """Note a run whose history is opened for writing: it is about to be trained."""
    if event == "open" and arguments[1] == "w" and str(arguments[0]).endswith(HISTORY):
        file = os.open(Path(STARTED).absolute(), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, f"{Path(str(arguments[0])).parent.name}\n".encode())
        os.close(file)


def results(folder: Path) -> dict[str, bytes]:
    """Return every byte that the stage leaves, by file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for place in ("data/models", "data/runs")
        for path in (folder / place).rglob("*")
        if path.is_file()
    }


def trained(folder: Path) -> list[str]:
    """Return the runs that stages have started to train, and forget them."""
    path = folder / STARTED
    found = path.read_text(encoding="utf-8").split() if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def finished(folder: Path) -> set[str]:
    """Return the runs that are finished."""
    return {path.parent.name for path in (folder / STORE).glob(f"*/{MANIFEST}")}


def epochs_done(folder: Path) -> int:
    """Return how many epochs are safe on disk, of all runs together."""
    begun = {path.parent for path in (folder / STORE).glob(f"*/{CHECKPOINT}")}
    ended = finished(folder)
    progress = [Checkpoint(p / CHECKPOINT).read() for p in begun if p.name not in ended]
    return len(ended) * EPOCHS + sum(one.epoch for one in progress if one)


def assert_finishes(folder: Path, undisturbed: dict[str, bytes]) -> None:
    """Fail unless the next stage trains only what is missing and leaves the bytes of no fault."""
    kept, _ = finished(folder), trained(folder)
    status, printed = Stage(folder).end()
    assert status == 0 and "damaged" not in printed, printed
    assert kept.isdisjoint(trained(folder)), "a finished run was trained again"
    assert results(folder) == undisturbed


def break_at_each_change(
    folder: Path,
    fault: Callable[[int], None],
    check: Callable[[Path, int | None, str], None],
    undisturbed: dict[str, bytes],
    kept: Promise,
    many: Many,
) -> None:
    """Inject a fault at changes of the disk from the first to the last; a stage follows each."""
    counted = folder / "changes"
    assert Stage(prepare(folder / "all"), partial(faults.count_changes, counted)).end()[0] == 0
    changes, done = counted.stat().st_size, 0
    for step in range(1, changes + 1, changes // many(3, changes)):
        broken = prepare(folder / str(step))
        check(broken, *Stage(broken, partial(fault, step)).end())
        kept.injected += 1
        kept.lost += max(0, done - epochs_done(broken))
        done = epochs_done(broken)
        assert_finishes(broken, undisturbed)
    assert not kept.lost
