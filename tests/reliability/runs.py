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

from recurrent import console
from recurrent.training.checkpoint import Checkpoint
from recurrent.training.store import CHECKPOINT, FOLDER, HISTORY, MANIFEST
from tests.reliability import faults
from tests.reliability.nasty import assert_paragraph
from tests.training.small import edit, write_project

EPOCHS, RUNS = 3, 3  # of the experiment `writing`
STORE = Path(".dvc/cache") / FOLDER
STARTED = "started.txt"  # the runs that stages have started to train, one a line
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["recurrent.training.worker", "torch._dynamo", "stages.train"])


def prepare(folder: Path, epochs: int = EPOCHS) -> Path:
    """Write a small project with an experiment `writing`: two variants, three runs."""
    folder.mkdir(parents=True, exist_ok=True)
    write_project(folder)
    training = {"gradient_norms": 3, "epochs": epochs}
    edit(folder, {"experiments": {"writing": {"training": training}}})
    return folder


class Stage:
    """`stages.train writing` in a process of its own, with a checkpoint after each epoch."""

    def __init__(self, folder: Path, fault: Callable[[], None] | None = None) -> None:
        self._output, output = context.Pipe(duplex=False)
        self.process = context.Process(target=_train, args=(folder, output, fault))
        self.process.start()
        output.close()

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self.process.kill()
        self.process.join()

    def end(self) -> tuple[int | None, str]:
        """Wait for the end; return the exit status (negative: a signal) and what was printed."""
        with os.fdopen(os.dup(self._output.fileno()), encoding="utf-8") as file:
            said = file.read()
        self.process.join()
        return self.process.exitcode, said


def _train(folder: Path, output: Connection, fault: Callable[[], None] | None) -> None:
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
    """Every byte that the stage leaves, by file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for place in ("data/models", "data/runs")
        for path in sorted((folder / place).rglob("*"))
        if path.is_file()
    }


def trained(folder: Path) -> list[str]:
    """The runs that stages have started to train since this was last called."""
    path = folder / STARTED
    if not path.exists():
        return []
    found = path.read_text(encoding="utf-8").split()
    path.unlink()
    return found


def finished(folder: Path) -> set[str]:
    """The runs that the store has."""
    return {path.parent.name for path in (folder / STORE).glob(f"*/{MANIFEST}")}


def epochs_done(folder: Path, epochs: int = EPOCHS) -> int:
    """The epochs that no kill can take any more, of all runs."""
    done = len(finished(folder)) * epochs
    for path in (folder / STORE).glob(f"*/{CHECKPOINT}"):
        progress = Checkpoint(path).read()
        assert progress is not None
        done += progress.epoch
    return done


def assert_finishes(folder: Path, undisturbed: dict[str, bytes]) -> None:
    """Fail unless the next stage trains what is missing, and leaves the bytes of no fault."""
    kept, _ = finished(folder), trained(folder)
    status, said = Stage(folder).end()
    assert status == 0 and "damaged" not in said, said
    assert kept.isdisjoint(trained(folder)), "a finished run was trained again"
    assert results(folder) == undisturbed


def assert_one_error(status: int | None, said: str, says: str) -> None:
    """Fail unless a stage ended with one error, of one paragraph."""
    assert status == 1, said
    (error,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert says in error and "Traceback" not in said
    assert_paragraph(error)


def count_changes(folder: Path) -> int:
    """Return how often the stage changes something on disk when nothing goes wrong."""
    counted = folder / "changes.txt"
    status, said = Stage(prepare(folder), partial(faults.count_to, counted)).end()
    assert status == 0, said
    return counted.stat().st_size
