"""Chinese lyrics: Jay Chou's in a zip upstream, songs of our own grammar bundled."""

import struct
import zipfile
import zlib
from pathlib import Path

from stages.common.errors import PipelineError
from stages.common.params import Corpus
from stages.corpora import text
from stages.corpora.bundled import lyrics as bundled

FILE = "lyrics"  # a zip or a plain text: what it is, its first bytes say
LARGEST = 64 << 20  # bytes unpacked: lyrics are kilobytes
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile bounds what these unpack to
ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # how a zip begins; the second holds nothing
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


def generate(folder: Path, seed: int, size: int) -> None:
    """Draw the bundled lyrics."""
    text.generate(folder, FILE, bundled.write, seed, size)


def check(path: Path) -> None:
    """Refuse a file that is neither a text nor a zip of one."""
    read(path)


def clean(path: Path, out: Path, corpus: Corpus) -> dict[str, object]:
    """The text as it is, line ends included."""
    return text.clean(read(path), path.parent, out)


def read(path: Path) -> str:
    """The text, unpacked in memory if need be; no member's name becomes a path."""
    with path.open("rb") as file:
        packed = file.read(4) in ZIP
    return text.decode(_only_member(path) if packed else path.read_bytes(), path)


def _only_member(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) != 1 or not members[0].filename.endswith(".txt"):
                raise PipelineError(
                    f"should hold one .txt file, holds {[m.filename for m in members][:5]}.",
                    where=str(path),
                    remedy="Pack the lyrics alone, as one text file.",
                )
            if members[0].compress_type not in METHODS:
                raise PipelineError(
                    f"is packed by method {members[0].compress_type}, not by deflate.",
                    where=str(path),
                    remedy="Pack it as zips usually are: zip lyrics.zip lyrics.txt.",
                )
            with archive.open(members[0]) as member:
                content = member.read(LARGEST + 1)  # never more, whatever the directory claims
    except DAMAGE as fault:
        raise PipelineError(
            f"is no zip that can be read ({fault!r}).",
            where=str(path),
            remedy="Pack the lyrics again, without a password, as one text file.",
        ) from fault
    if len(content) > LARGEST:
        raise PipelineError(
            f"unpacks to more than {LARGEST >> 20} MiB.",
            where=str(path),
            remedy="Pack the lyrics alone, as one text file.",
        )
    return content
