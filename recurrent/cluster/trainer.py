"""A process that trains run after run for a Dask worker.

Dask loads NumPy before our settings can choose its kernels, its workers may have several threads,
and a thread cannot be stopped. So each run is trained in a separate process, as on one machine.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from recurrent.common.errors import PipelineError
from recurrent.training.fingerprint import ROOT
from recurrent.training.interrupt import GRACE_S, finish_epoch_on_interrupt
from recurrent.training.job import Training

# The result, or the error. Not a class: the process runs this module as `__main__`.
Answer = tuple[Any, PipelineError | None]
POLL_S = 0.5  # between checks of a run's progress
INTERRUPTED = 130  # the exit status after SIGINT


class Stopped(Exception):
    """The run is no longer wanted. Its checkpoint is kept."""


class Trainer:
    """The training process, as seen by the Dask worker."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        number = theirs.fileno()
        # Not multiprocessing: Dask's workers are daemons, which may not have its children.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recurrent.cluster.trainer", str(number)],
            cwd=ROOT,
            stdin=subprocess.PIPE,  # closed when the Dask worker ends for any reason
            pass_fds=[number],
        )
        theirs.close()

    def train(self, training: Training, project: Path, wanted: Callable[[], bool]) -> Any:
        """Train a run on the data of a project folder; return what the work returns.

        Stop the run as soon as `wanted` returns False.
        """
        try:
            self._connection.send((training, project))
            while not self._connection.poll(POLL_S):
                if not wanted():
                    self.stop()
                    raise Stopped
            value, error = self._connection.recv()
        except (EOFError, ConnectionError) as end:
            raise RuntimeError(
                f"the training process ended with status {self._process.wait()}"
            ) from end
        if error:
            raise error
        return value

    @property
    def alive(self) -> bool:
        """Return whether the process can train another run."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Let the run finish its epoch for a few seconds; then end the process."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(GRACE_S + 2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass
class Trainers:
    """The training processes of one Dask worker, one for each thread."""

    _idle: list[Trainer] = field(default_factory=list)

    @contextmanager
    def lend(self) -> Iterator[Trainer]:
        """Lend an idle process, or a new one."""
        try:
            trainer = self._idle.pop()
        except IndexError:
            trainer = Trainer()
        try:
            yield trainer
        except PipelineError:  # the answer to this run
            self._idle.append(trainer)
            raise
        except BaseException:  # it may still be training
            if trainer.alive:
                trainer.stop()
            raise
        if trainer.alive:
            self._idle.append(trainer)


def main(number: int) -> None:
    """Train the runs that come through a connection."""
    finish_epoch_on_interrupt()
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    connection: Connection[Answer, tuple[Training, Path]] = Connection(number)
    while True:
        try:
            training, project = connection.recv()
        except EOFError:  # the Dask worker ended
            return
        os.chdir(project)
        answer: Answer
        try:
            answer = training(), None
        except PipelineError as fault:
            answer = None, fault
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        connection.send(answer)


def _exit_with_parent() -> None:
    os.read(0, 1)  # nothing is sent: it returns when the other end is closed
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
