"""Files out of a zip, unpacked in memory and bounded: no member's name becomes a path."""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from recurrent.errors import PipelineError

ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # how a zip begins; the second holds nothing
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile bounds what these unpack to
# What zipfile raises on damaged bytes, depending on where the damage is.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # encrypted; NotImplementedError: of a later version
    UnicodeDecodeError,
)


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip does."""
    with path.open("rb") as file:
        return file.read(4) in ZIP


def only_member(path: Path, suffix: str, largest: int) -> bytes:
    """The one file in a zip, whose name must end so."""
    with _opened(path) as archive:
        found = archive.infolist()
        if len(found) != 1 or not found[0].filename.endswith(suffix):
            raise PipelineError(
                f"should hold one {suffix} file, holds {[m.filename for m in found][:5]}.",
                where=str(path),
                remedy="Pack that file alone.",
            )
        return _content(archive, found[0], path, largest)


def members(
    path: Path, names: Sequence[str], largest: int, optional: Sequence[str] = ()
) -> dict[str, bytes]:
    """The files of these names in a zip; other files there are left alone."""
    with _opened(path) as archive:
        found = {member.filename: member for member in archive.infolist()}
        missing = [name for name in names if name not in found and name not in optional]
        if missing:
            needed = [name for name in names if name not in optional]
            raise PipelineError(
                f"has no {', '.join(missing)}; it holds {[*found][:5]}.",
                where=str(path),
                remedy=f"Pack them: zip {path.name} {' '.join(needed)}.",
            )
        wanted = [name for name in names if name in found]
        return {name: _content(archive, found[name], path, largest) for name in wanted}


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGE as fault:
        raise PipelineError(
            f"is no zip that can be read ({fault!r}).",
            where=str(path),
            remedy="Pack it again, without a password.",
        ) from fault


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, largest: int) -> bytes:
    if member.compress_type not in METHODS:
        raise PipelineError(
            f"is packed by method {member.compress_type}, not by deflate.",
            where=str(path),
            remedy=f"Pack it as zips usually are: zip {path.name} FILE.",
        )
    with archive.open(member) as file:
        content = file.read(largest + 1)  # never more, whatever the directory claims
    if len(content) > largest:
        raise PipelineError(
            f"unpacks to more than {largest >> 20} MiB.",
            where=str(path),
            remedy="Pack the corpus alone.",
        )
    return content
