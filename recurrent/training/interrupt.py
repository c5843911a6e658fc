"""Ctrl-C: a run that is soon at the end of an epoch writes a checkpoint first. Needs no torch."""

import os
import signal
import threading

GRACE_S = 3.0  # after that, the process ends wherever it is
requested = threading.Event()


def finish_epoch_on_interrupt() -> None:
    """Let Ctrl-C stop this process at the end of an epoch, or after a few seconds."""
    signal.signal(signal.SIGINT, _request)


def stop_if_requested() -> None:
    """Stop if Ctrl-C was pressed; a checkpoint of the last epoch is written."""
    if requested.is_set():
        raise KeyboardInterrupt


def _request(*_: object) -> None:
    if requested.is_set():  # a second Ctrl-C
        os._exit(130)
    requested.set()
    timer = threading.Timer(GRACE_S, os._exit, [130])
    timer.daemon = True
    timer.start()
