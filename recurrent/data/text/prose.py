"""English prose, one plain text file: Nietzsche upstream, aphorisms of our own grammar bundled."""

from pathlib import Path

from recurrent.config import Corpus
from recurrent.data.synthetic import prose as bundled
from recurrent.data.text import clean as text

FILE = "prose.txt"


def generate(folder: Path, seed: int, size: int) -> None:
    """Draw the bundled prose."""
    text.generate(folder, FILE, bundled.write, seed, size)


def check(path: Path) -> None:
    """Refuse a file that is no text."""
    text.decode(path.read_bytes(), path)


def clean(path: Path, out: Path, corpus: Corpus) -> dict[str, object]:
    """The text as it is: the lecture reads it to the letter."""
    return text.clean(text.decode(path.read_bytes(), path), path.parent, out)
