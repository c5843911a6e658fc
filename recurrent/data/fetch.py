"""Download one file and verify it: from the mirror if it has the file, else from its own URL.

pooch downloads, retries, compares the sha256 and moves a verified file into place. This module
adds what pooch lacks: the mirror, local paths, limits on time and size, and helpful errors.
"""

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, NoReturn
from urllib.parse import quote, unquote

import pooch
import requests
from urllib3.exceptions import HTTPError

from recurrent.common.config import Corpus, Download
from recurrent.common.errors import PipelineError

MIRROR_VARIABLE = "CORPORA_MIRROR"  # a folder or a URL
RETRIES = 3
SILENCE_S = 30  # without a byte from the server
DEADLINE_S = 900  # for all tries of one place
LARGEST = 1 << 30  # bytes after decompression; the corpora are megabytes


class Unavailable(PipelineError):
    """Neither the mirror nor the URL has the file. It may be available later."""


def upstream(key: str, corpus: Corpus) -> Download:
    """Return the upstream file of a corpus, or refuse a corpus that cannot be redistributed."""
    if corpus.upstream is None:
        raise Unavailable(
            "this corpus cannot be redistributed, so it has no upstream URL.",
            where=f"params.yaml: corpora.{key}",
            remedy="Set `own` to the url and sha256 of your copy; docs/corpora.md says how.",
        )
    return corpus.upstream


def file_name(url: str) -> str:
    """Return the last part of a path, or of a URL with its percent-escapes decoded."""
    path = unquote(re.split("[?#]", url)[0]) if _is_remote(url) else url
    return path.rsplit("/", 1)[-1]


def fetch(wanted: Download, target: Path) -> None:
    """Put the verified file at `target`, unless it is there already."""
    target.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for place in _places(wanted.url):
        try:
            _fetch_from(place, wanted.sha256, target)
            return
        except Unavailable as fault:
            failures.append(str(fault))
    raise Unavailable(
        f"the file is unavailable. {' '.join(failures)}",
        where=file_name(wanted.url),
        remedy=f"Check the network and try again, or put the file into a folder and set "
        f"{MIRROR_VARIABLE} to that folder.",
    )


def _is_remote(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _places(url: str) -> list[str]:
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return [url]
    name = file_name(url)
    return [f"{mirror.rstrip('/')}/{quote(name) if _is_remote(mirror) else name}", url]


def _fetch_from(place: str, sha256: str, target: Path) -> None:
    remote = _is_remote(place)
    shelf = pooch.create(
        path=target.parent,
        base_url="",
        registry={target.name: sha256},
        urls={target.name: place},
        retry_if_failed=RETRIES if remote else 0,
    )
    pooch.get_logger().setLevel("WARNING")
    try:
        with _time_limit(place):
            shelf.fetch(target.name, downloader=_download if remote else _copy)
    except requests.RequestException as fault:
        raise Unavailable(
            f"no complete answer in {RETRIES + 1} tries ({_reason(fault)}).", where=place
        ) from fault
    except ValueError as fault:  # pooch found another hash
        raise PipelineError(
            f"the file differs from the one that params.yaml pins: {fault}",
            where=place,
            remedy="If upstream has changed, check what changed and pin the new sha256.",
        ) from fault


@contextmanager
def _time_limit(place: str) -> Iterator[None]:
    """Stop after DEADLINE_S, even if the server sends a byte now and then."""

    def stop(*_: object) -> NoReturn:
        raise Unavailable(f"the download took more than {DEADLINE_S:,} s.", where=place)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _download(url: str, output_file: str, _: object) -> None:
    """Write what the server sends. Raise a RequestException if another try may help."""
    downloader = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(),
        timeout=SILENCE_S,
        chunk_size=1 << 16,
        hooks={"response": _close_redirect},
    )
    try:
        with Path(output_file).open("wb") as file:
            downloader(url, _Limited(file, url), None)
    except requests.HTTPError as fault:
        status = fault.response.status_code if fault.response is not None else 0
        if 400 <= status < 500 and status != 429:  # another try would not help
            raise Unavailable(f"the server answers {status}.", where=url) from fault
        raise
    except (HTTPException, HTTPError, ValueError) as fault:  # malformed headers
        raise requests.RequestException(fault) from fault


def _close_redirect(answer: requests.Response, **_: Any) -> None:
    """Skip the body of a redirect, which requests would read into memory."""
    if answer.is_redirect:
        answer.close()


class _Limited:
    """A file that refuses more than LARGEST bytes, whatever Content-Length says."""

    def __init__(self, file: BinaryIO, url: str) -> None:
        self.file, self.url = file, url
        self.flush = file.flush

    def write(self, chunk: bytes) -> None:
        if self.file.tell() + len(chunk) > LARGEST:
            raise Unavailable(f"the file is larger than {LARGEST >> 20:,} MiB.", where=self.url)
        self.file.write(chunk)


def _copy(source: str, output_file: str, _: object) -> None:
    try:
        path = Path(source).expanduser()
        found = path.is_file()
    except (OSError, RuntimeError):  # the name is too long, or the user of ~user is unknown
        found = False
    if not found:
        raise Unavailable("there is no such file.", where=source)
    shutil.copyfile(path, output_file)


def _reason(fault: Exception) -> str:
    root: BaseException = fault  # the libraries wrap the first exception several times
    while inner := root.__cause__ or root.__context__:
        root = inner
    return f"{type(root).__name__}: {root}"[:200]
