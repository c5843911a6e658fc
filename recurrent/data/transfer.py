"""Bring one file here, from a URL or a path, in bounded time and space."""

import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import pooch
import requests
from urllib3.exceptions import HTTPError

from recurrent.errors import PipelineError

TIMEOUT_S = 30  # of silence
DEADLINE_S = 900  # for one place, all tries together
LARGEST = 1 << 30  # bytes, unpacked: corpora are megabytes


class Unavailable(PipelineError):
    """The file could not be had from anywhere; nothing is known to be wrong with it."""


@contextmanager
def in_time(place: str) -> Iterator[None]:
    """Nothing takes longer, not even a server that sends a byte now and then."""

    def late(*_: object) -> NoReturn:
        raise Unavailable(f"the file was not here after {DEADLINE_S:,} s.", where=place)

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def download(url: str, output_file: str) -> None:
    """What a server sends. What another try may mend is a RequestException."""
    fetcher = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(),
        timeout=TIMEOUT_S,
        chunk_size=1 << 16,
        hooks={"response": _leave_unread},
    )
    try:
        with Path(output_file).open("wb") as file:
            fetcher(url, _Bounded(file, url), None)
    except requests.HTTPError as fault:
        status = fault.response.status_code if fault.response is not None else 0
        if 400 <= status < 500 and status != 429:  # asking again would not help
            raise Unavailable(f"the server answers {status}.", where=url) from fault
        raise
    except (HTTPException, HTTPError, ValueError) as fault:  # nonsense in an answer's head
        raise requests.RequestException(fault) from fault


def _leave_unread(answer: requests.Response, **_: Any) -> None:
    """The body of a redirect: requests would read it to its end, into memory."""
    if answer.is_redirect:
        answer.close()


class _Bounded:
    """A file that takes so much and no more, however long it was said to be."""

    def __init__(self, file: BinaryIO, url: str) -> None:
        self.file, self.url = file, url
        self.flush = file.flush

    def write(self, chunk: bytes) -> None:
        if self.file.tell() + len(chunk) > LARGEST:
            raise Unavailable(f"the file is larger than {LARGEST >> 20:,} MiB.", where=self.url)
        self.file.write(chunk)


def copy(source: str, output_file: str) -> None:
    """A file of this machine."""
    try:
        path = Path(source).expanduser()
        fault = _instead_of_a_file(path)
    except (OSError, RuntimeError) as refusal:  # a name that no file can have; ~nobody
        fault = f"there can be no such file ({refusal})."
    if fault:
        raise Unavailable(fault, where=source)
    shutil.copyfile(path, output_file)


def _instead_of_a_file(path: Path) -> str:
    if path.is_file():
        return ""
    if path.exists():
        return "there is a folder, or a device, and no such file."
    if path.is_symlink():
        return f"there is a link to {path.readlink()}, and no such file."
    return "there is no such file."
