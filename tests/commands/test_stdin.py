"""Lines as they arrive: whole, in order, with any bytes, and never more than a chunk ahead."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.commands import stdin
from recurrent.commands.stdin import PIECE, read_lines

BYTES = st.lists(st.binary() | st.sampled_from(["王小红".encode(), b"\r\n", b"\n", b"x" * 40]))


def by_text_file(content: bytes, piece: int) -> list[str]:
    """Return the lines of standard input as Python reads them, without their ends."""
    file = io.TextIOWrapper(io.BytesIO(content), "utf-8", "surrogateescape", newline="\n")
    lines = (line.rstrip("\n") for line in iter(lambda: file.readline(piece), ""))
    return [line for line in lines if line]


@given(parts=BYTES, chunk=st.integers(1, 20), piece=st.integers(1, 30))
def test_the_lines_are_those_of_a_text_file(parts: list[bytes], chunk: int, piece: int) -> None:
    content = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stdin, "CHUNK", chunk)
        patch.setattr(stdin, "PIECE", piece)
        batches = [*read_lines(io.BytesIO(content), "utf-8")]
    assert all(batches)
    assert [line for lines in batches for line in lines] == by_text_file(content, piece)


def test_what_has_arrived_is_read_at_once() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "wb", buffering=0) as typed:
        lines = read_lines(pipe, "utf-8")
        typed.write(b"a\nb\nc")
        assert next(lines) == ["a", "b"]
        typed.write(b"d\n\n")
        assert next(lines) == ["cd"]
        typed.write(b"end")
        typed.close()
        assert [*lines] == [["end"]]


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    class Endless(io.BufferedIOBase):
        def read1(self, size: int = -1, /) -> bytes:
            return b"x" * size

    lines = read_lines(Endless(), "utf-8")
    assert {*next(lines), *next(lines)} == {"x" * PIECE}
