"""Fetch one file and refuse any other: from a mirror, a URL or a path, verified by its hash."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import pooch
import requests

from recurrent.config import Corpus, Published
from recurrent.data.transfer import Unavailable, copy, download, in_time
from recurrent.errors import PipelineError

MIRROR_VARIABLE = "CORPORA_MIRROR"
RETRIES = 3


class Differs(ValueError):
    """It is not the pinned file. After a ValueError, pooch tries again."""


@dataclass(frozen=True)
class Pin:
    """What a file must be: its sha256, or its git blob id where only that is known."""

    algorithm: str  # "sha256" | "git_blob"
    digest: str

    @classmethod
    def of_published(cls, published: Published) -> "Pin":
        """The one that params.yaml gives."""
        if published.sha256:
            return cls("sha256", published.sha256)
        return cls("git_blob", str(published.git_blob))

    def of(self, path: Path) -> str:
        """The same digest of the file at `path`."""
        if self.algorithm == "sha256":
            return str(pooch.file_hash(str(path), alg="sha256"))
        blob = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                blob.update(chunk)
        return blob.hexdigest()


def published(key: str, corpus: Corpus) -> Published:
    """The upstream file of a corpus, if anyone may publish it."""
    if corpus.upstream is None:
        raise Unavailable(
            "only those who own it can give it.",
            where=f"params.yaml: corpora.{key}",
            remedy="Set its url and sha256 to your file: the README says what it should hold.",
        )
    return corpus.upstream


def file_name(url: str) -> str:
    """The file's own name: the last part of a path, or of a URL with percent-escapes undone."""
    path = unquote(re.split("[?#]", url)[0]) if is_remote(url) else url
    return path.rsplit("/", 1)[-1]


def is_remote(url: str) -> bool:
    """Whether `url` is one to download, not a path on this machine."""
    return url.startswith(("http://", "https://"))


def fetch(url: str, pin: Pin, target: Path) -> None:
    """Put the pinned file at `target`: from the mirror if it has it, else from `url`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    tried = []
    for place in _places(url):
        try:
            _transfer(place, pin, target)
            return
        except Unavailable as fault:
            tried.append(str(fault))
    raise Unavailable(
        "could not be fetched. " + " ".join(tried),
        where=file_name(url),
        remedy=f"Connect to the network and try again, or put the file into a folder and set "
        f"{MIRROR_VARIABLE} to it.",
    )


def _places(url: str) -> list[str]:
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return [url]
    name = file_name(url)
    return [f"{mirror.rstrip('/')}/{quote(name) if is_remote(mirror) else name}", url]


def _transfer(place: str, pin: Pin, target: Path) -> None:
    """One place, with retries and back-off; what is not the pinned file never reaches `target`."""

    def bring(source: str, output_file: str, _: object) -> None:
        (download if is_remote(source) else copy)(source, output_file)
        found = pin.of(Path(output_file))
        if found != pin.digest:
            size = Path(output_file).stat().st_size
            raise Differs(f"its {pin.algorithm} is {found} ({size:,} bytes)")

    name = target.name
    shelf = pooch.create(
        path=target.parent,
        base_url="",
        registry={name: None},  # the hash is ours to check: pooch knows no git blob ids
        urls={name: place},
        retry_if_failed=RETRIES if is_remote(place) else 0,
    )
    target.unlink(missing_ok=True)
    pooch.get_logger().setLevel("WARNING")
    try:
        with in_time(place):
            shelf.fetch(name, downloader=bring)
    except requests.RequestException as fault:
        raise Unavailable(
            f"no answer after {RETRIES + 1} tries ({_short(fault)}).", where=place
        ) from fault
    except Differs as fault:
        raise PipelineError(
            f"is not the file that params.yaml pins: expected {pin.algorithm} {pin.digest}, "
            f"but {fault}.",
            where=place,
            remedy="The copy is damaged or truncated, or upstream has changed: fetch it again, or "
            f"check what changed and put the new {pin.algorithm} into params.yaml.",
        ) from fault


def _short(fault: Exception) -> str:
    root: BaseException = fault  # the libraries wrap what went wrong several times over
    while inner := root.__cause__ or root.__context__:
        root = inner
    return f"{type(root).__name__}: {root}"[:200]
