"""Read files from a zip into memory, up to a limit. No name in a zip becomes a path."""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from recurrent.common.errors import PipelineError

ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the first bytes of a zip, and of an empty one
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile can limit what these unpack to
# What zipfile raises for damaged bytes, depending on where the damage is.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # encrypted; or a newer version of zip (NotImplementedError)
    UnicodeDecodeError,
)


def is_zip(path: Path) -> bool:
    """Return whether the file starts with the bytes of a zip."""
    with path.open("rb") as file:
        return file.read(4) in ZIP


def only_member(path: Path, suffix: str, largest: int) -> bytes:
    """Return the content of a zip that holds one file, whose name ends in `suffix`."""
    with _opened(path) as archive:
        found = archive.infolist()
        if len(found) != 1 or not found[0].filename.endswith(suffix):
            raise PipelineError(
                f"the zip must hold one {suffix} file, but holds "
                f"{[member.filename for member in found][:5]}.",
                where=str(path),
                remedy="Zip only that file.",
            )
        return _content(archive, found[0], path, largest)


def members(
    path: Path, names: Sequence[str], largest: int, optional: Sequence[str] = ()
) -> dict[str, bytes]:
    """Return the content of the files with these names; ignore other files in the zip."""
    with _opened(path) as archive:
        found = {member.filename: member for member in archive.infolist()}
        missing = [name for name in names if name not in found and name not in optional]
        if missing:
            needed = [name for name in names if name not in optional]
            raise PipelineError(
                f"the zip has no {', '.join(missing)}; it holds {[*found][:5]}.",
                where=str(path),
                remedy=f"Zip them: zip {path.name} {' '.join(needed)}.",
            )
        return {
            name: _content(archive, found[name], path, largest) for name in names if name in found
        }


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGE as fault:
        raise PipelineError(
            f"the zip cannot be read ({fault!r}).",
            where=str(path),
            remedy="Zip it again, without a password.",
        ) from fault


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, largest: int) -> bytes:
    if member.compress_type not in METHODS:
        raise PipelineError(
            f"the zip uses compression method {member.compress_type}; only deflate is supported.",
            where=str(path),
            remedy=f"Zip it again: zip {path.name} FILE.",
        )
    with archive.open(member) as file:
        content = file.read(largest + 1)  # never more, whatever size the zip states
    if len(content) > largest:
        raise PipelineError(
            f"{member.filename!r:.60} unpacks to more than {largest >> 20} MiB.",
            where=str(path),
            remedy="Zip only the corpus.",
        )
    return content
