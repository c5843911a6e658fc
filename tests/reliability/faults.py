"""Faults for one process: it is killed, or its writes fail. Each is called in that process."""

import errno
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

REMOVALS = ("os.remove", "os.rmdir")
CHANGES = ("open", "os.rename", "os.mkdir", *REMOVALS)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def kill_at(step: int) -> None:
    """Kill this process just before it changes the disk for that many times."""

    def kill(number: int, _: str) -> None:
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)

    _before_each_change(kill)


def refuse_from(step: int) -> None:
    """Refuse that change of the disk and every later one, but for removals: the disk is full."""

    def refuse(number: int, change: str) -> None:
        if number >= step and change not in REMOVALS:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _before_each_change(refuse)


def limit_files(size: int) -> None:
    """Limit files to `size` bytes: writes stop in the middle of a file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def count_changes(path: Path) -> None:
    """Write a byte to a file for each change of the disk."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    _before_each_change(lambda *_: os.write(file, b"."))


def _before_each_change(act: Callable[[int, str], object]) -> None:
    """Call `act` before each change that this process makes in its folder: 1 and the change, ..."""
    number = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal number
        if event not in CHANGES or Path(str(arguments[0])).is_absolute():
            return
        flags = arguments[2] if event == "open" else WRITING
        if isinstance(flags, int) and flags & WRITING:
            number += 1
            act(number, event)

    sys.addaudithook(hook)
