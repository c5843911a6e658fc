"""Chinese lyrics: Jay Chou's in a zip upstream, songs of our own grammar bundled."""

from pathlib import Path

from recurrent.config import Corpus
from recurrent.data.archive import is_zip, only_member
from recurrent.data.synthetic import lyrics as bundled
from recurrent.data.text import clean as text

FILE = "lyrics"  # a zip or a plain text: what it is, its first bytes say
LARGEST = 64 << 20  # bytes unpacked: lyrics are kilobytes


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
    content = only_member(path, ".txt", LARGEST) if is_zip(path) else path.read_bytes()
    return text.decode(content, path)
