"""Lines of standard input, as they arrive."""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from io import BufferedIOBase

CHUNK = 1 << 16  # bytes that are read at once
PIECE = 1000  # characters; a longer line is split


def read_lines(stream: BufferedIOBase, encoding: str) -> Iterator[list[str]]:
    """Yield the lines that have arrived since the last time, without waiting for more.

    Any bytes are read: those that are not text become surrogates. Blank lines are left out. A very
    long line is split into pieces, so that it does not fill the memory.
    """
    decoder = getincrementaldecoder(encoding)("surrogateescape")
    rest = ""
    while chunk := stream.read1(CHUNK):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        whole = len(rest) // PIECE * PIECE
        lines.append(rest[:whole])
        rest = rest[whole:]
        if pieces := split(lines):
            yield pieces
    if pieces := split((rest + decoder.decode(b"", final=True)).split("\n")):
        yield pieces


def split(lines: list[str]) -> list[str]:
    """Return the lines in pieces of at most PIECE characters; an empty line has none."""
    return [line[start : start + PIECE] for line in lines for start in range(0, len(line), PIECE)]
