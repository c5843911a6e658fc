"""Zips that are damaged, encrypted or too large: their content, or a clear error."""

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recurrent.common.errors import PipelineError
from recurrent.data.archive import ZIP
from recurrent.data.sales import clean as sales
from recurrent.data.text import clean as text
from stages import clean, download
from tests.data import stores
from tests.data.stores import packed
from tests.project import Project, sha256
from tests.reliability.ledger import Promise
from tests.reliability.nasty import assert_paragraph

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
SONG = "想要有直升机\n想要和你飞到宇宙去\n" * 20
LYRICS = {"lyrics.txt": SONG.encode()}
GOOD = packed(LYRICS)


def encrypted(content: bytes) -> bytes:
    """Return the zip with the flag of encryption set."""
    changed = bytearray(content)
    for flags in (6, changed.index(b"PK\x01\x02") + 8):
        changed[flags] |= 1
    return bytes(changed)


DICTIONARY_SIZE = 30 + len("lyrics.txt") + 5  # in the header of LZMA
GREEDY = bytearray(packed(LYRICS, zipfile.ZIP_LZMA))
GREEDY[DICTIONARY_SIZE : DICTIONARY_SIZE + 4] = b"\xff" * 4
WRONG = {
    "encrypted": (encrypted(GOOD), "encrypted"),
    "two files": (packed({**LYRICS, "more.txt": b"more"}), "must hold one .txt file"),
    "none": (packed({}), "must hold one .txt file"),
    "a folder": (packed({"songs.txt/": b""}), "must hold one .txt file"),
    "an empty text": (packed({"lyrics.txt": b""}), "the text is empty"),
    "a zip named .txt": (packed({"lyrics.txt": GOOD}), "is not UTF-8|null characters"),
    "GB 18030": (packed({"lyrics.txt": SONG.encode("gb18030")}), "is not UTF-8"),
    "a bomb": (packed({"lyrics.txt": bytes(16 << 20)}), "unpacks to more than 1 MiB"),
    "a bzip2 bomb": (packed({"lyrics.txt": bytes(64 << 20)}, zipfile.ZIP_BZIP2), "deflate"),
    "LZMA with a dictionary of 4 GiB": (bytes(GREEDY), "deflate"),
    "truncated": (GOOD[:100], "the zip cannot be read"),
}


def test_a_zip_that_is_not_one_text_is_refused(
    project: Project, promise: Promised, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = promise(
        "A zip that is not one text is refused, in bounded memory",
        "encrypted, bombs, two files, other compression, other encodings",
    )
    monkeypatch.setattr(text, "LARGEST", 1 << 20)
    for case, (content, says) in {**WRONG, "right": (GOOD, "")}.items():
        project.file("lyrics.zip", content)
        own = {"url": "lyrics.zip", "sha256": sha256(content)}
        project.edit({"corpora.lyrics.own": own})
        kept.injected += 1
        if case == "right":
            download.main("lyrics")
            clean.main("lyrics")
            assert Path("data/clean/lyrics/text.txt").read_text(encoding="utf-8") == SONG
            continue
        tracemalloc.start()
        with pytest.raises(PipelineError, match=says) as fault:
            download.main("lyrics")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert str(fault.value).startswith("data/raw/lyrics/text: "), case
        assert_paragraph(str(fault.value))
        assert peak < 16 << 20, case


def read_text(path: Path) -> object:
    return text.read(path)


def read_tables(path: Path) -> object:
    return {name: table.to_csv() for name, table in sales.read(path).items()}


# AR is not a state of Germany, so a zip that loses its optional coordinates is refused.
TABLES = {n: c.replace(b"BE", b"AR") for n, c in stores.written(stores.tables()).items()}


@pytest.mark.parametrize(("files", "read"), [(LYRICS, read_text), (TABLES, read_tables)])
def test_a_damaged_zip_is_refused_or_read_exactly(
    scratch: Path,
    promise: Promised,
    many: Many,
    files: dict[str, bytes],
    read: Callable[[Path], object],
) -> None:
    kept = promise(
        "A damaged zip is refused, or read exactly", f"bytes changed or cut off: {', '.join(files)}"
    )
    path = scratch / "zipped"
    deflated = packed(files)
    whole = (deflated, packed(files, zipfile.ZIP_STORED), encrypted(deflated), bytes(GREEDY))
    path.write_bytes(deflated)
    expected = read(path)
    places = st.integers(4, 80) | st.integers(4, max(map(len, whole)))
    values = st.sampled_from([0x00, 0x01, 0x7F, 0x80, 0xFF]) | st.integers(0, 255)

    @settings(max_examples=many(100, 15_000))
    @given(
        st.sampled_from(whole),
        st.dictionaries(places, values, max_size=8),
        st.none() | st.integers(4, 1_000),
    )
    @example(bytes(GREEDY), {}, None)
    def attempt(content: bytes, damage: dict[int, int], length: int | None) -> None:
        changed = bytearray(content)
        for place, byte in damage.items():
            if place < len(changed):
                changed[place] = byte
        path.write_bytes(changed[:length])
        kept.injected += 1
        try:
            found = read(path)
        except PipelineError as fault:
            assert str(fault).startswith(f"{path}: ")
        else:
            kept.lost += found != expected

    attempt()
    assert not kept.lost


def test_any_bytes_in_place_of_a_text_or_a_table(
    scratch: Path, promise: Promised, many: Many
) -> None:
    kept = promise("Any bytes in place of a text or a table are read or refused", "random bytes")
    starts = st.sampled_from([b"", *ZIP, b"\xef\xbb\xbf", b"\xff\xfe"])

    @settings(max_examples=many(60, 5_000))
    @given(starts, st.binary(), st.sampled_from([*TABLES]), st.integers(0, 400))
    def read(start: bytes, rest: bytes, name: str, length: int) -> None:
        plain, table = scratch / text.FILE, scratch / sales.FILE
        plain.write_bytes(start + rest)
        table.write_bytes(packed({**TABLES, name: TABLES[name][:length] + rest}))
        kept.injected += 2
        try:
            found = text.read(plain)
            assert found.encode() == (start + rest).removeprefix(b"\xef\xbb\xbf")
        except PipelineError as fault:
            assert str(fault).startswith(f"{plain}: ")
        try:
            assert {*sales.read(table)} == {*TABLES}
        except PipelineError as fault:
            assert str(fault).startswith(f"{table}: ")

    read()
