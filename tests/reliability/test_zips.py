"""Zips of lyrics, damaged, locked, too large or not what they seem: the text, or an error."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recurrent.data import archive
from recurrent.data.text import lyrics
from recurrent.errors import PipelineError
from stages import clean, download
from tests.project import Project, sha256
from tests.reliability.ledger import Promise
from tests.server import Answer, Server

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
SONG = "想要有直升机\n想要和你飞到宇宙去\n" * 20
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED

LYRICS_ALONE = {"source": "bundled", "datasets": {}, "experiments": {}}
CORPUS = {
    "module": "lyrics",
    "bundled": {"seed": 0, "size": 1},
    "upstream": {"url": "x", "sha256": "0" * 64},
}


def packed(*members: tuple[str, bytes], method: int = DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def locked(content: bytes) -> bytes:
    """The same, said to be encrypted."""
    changed = bytearray(content)
    for flags in (6, changed.index(b"PK\x01\x02") + 8):
        changed[flags] |= 1
    return bytes(changed)


LYRICS = ("lyrics.txt", SONG.encode())
GOOD = packed(LYRICS)
PROPERTIES = 30 + len("lyrics.txt") + 5  # of LZMA: how large its dictionary is
GREEDY = bytearray(packed(LYRICS, method=zipfile.ZIP_LZMA))
GREEDY[PROPERTIES : PROPERTIES + 4] = b"\xff" * 4
RIGHT = {
    "deflated": GOOD,
    "stored": packed(LYRICS, method=STORED),
    "with ../ in its name": packed(("../../../evil.txt", LYRICS[1])),
    "with a path for a name": packed(("/tmp/evil.txt", LYRICS[1])),
    "with a name in Chinese": packed(("周杰伦.txt", LYRICS[1])),
}
WRONG = {
    "a locked one": (locked(GOOD), "encrypted"),
    "two members": (packed(LYRICS, ("more.txt", b"more")), "should hold one .txt file"),
    "two of one name": (packed(LYRICS, LYRICS), "should hold one .txt file"),
    "none": (packed(), "should hold one .txt file"),
    "a folder": (packed(("songs.txt/", b"")), "should hold one .txt file"),
    "a program": (packed(("lyrics.exe", b"MZ")), "should hold one .txt file"),
    "an empty text": (packed(("lyrics.txt", b"")), "holds no text"),
    "a zip in a zip": (packed(("lyrics.zip", GOOD)), "should hold one .txt file"),
    "a zip called a text": (packed(("lyrics.txt", GOOD)), "is not UTF-8|null characters"),
    "GB 18030": (packed(("lyrics.txt", SONG.encode("gb18030"))), "is not UTF-8"),
    "UTF-16": (packed(("lyrics.txt", "songs".encode("utf-16-le"))), "null characters"),
    "a bomb": (packed(("lyrics.txt", bytes(16 << 20))), "unpacks to more than 1 MiB"),
    "a bomb by bzip2": (
        packed(("lyrics.txt", bytes(64 << 20)), method=zipfile.ZIP_BZIP2),
        "deflate",
    ),
    "LZMA with a dictionary of 4 GiB": (bytes(GREEDY), "deflate"),
    "the beginning of one": (GOOD[:100], "is no zip that can be read"),
    "its first bytes alone": (b"PK\x03\x04", "is no zip that can be read"),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lyrics, "LARGEST", 1 << 20)


def fetch_and_clean(url: str, content: bytes) -> None:
    own = {"url": url, "sha256": sha256(content)}
    Path("params.yaml").write_text(json.dumps(LYRICS_ALONE | {"corpora": {"lyrics": CORPUS | own}}))
    download.main("lyrics")
    clean.main("lyrics")


def test_lyrics_come_out_of_every_zip_that_has_them_alone(
    project: Project, server: Server, promise: Promised
) -> None:
    kept = promise("A zip's text is read in memory; no name in it becomes a path", "../, /tmp/…")
    outside = project.folder.parent
    for case, content in RIGHT.items():
        before = {path for path in outside.rglob("*") if project.folder not in path.parents}
        fetch_and_clean(server.serves("/l.zip", Answer(content)), content)
        after = {path for path in outside.rglob("*") if project.folder not in path.parents}
        assert Path("data/clean/lyrics/text.txt").read_text(encoding="utf-8") == SONG, case
        assert after == before and not Path("/tmp/evil.txt").exists(), case
        kept.injected += 1


def test_every_other_zip_is_refused_by_name(
    project: Project, server: Server, promise: Promised
) -> None:
    kept = promise(
        "A zip that is not one text is refused, in bounded memory",
        "locked, bombs, two members, other methods, other encodings",
    )
    for case, (content, says) in WRONG.items():
        tracemalloc.start()
        with pytest.raises(PipelineError, match=says) as fault:
            fetch_and_clean(server.serves("/l.zip", Answer(content)), content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "data/raw/lyrics/lyrics: " in str(fault.value), case
        assert peak < 16 << 20, case
        assert project.listing("data") == {"raw/lyrics/lyrics"}, case
        kept.injected += 1


def test_wherever_a_zip_is_damaged_it_is_refused_or_read_aright(
    scratch: Path, promise: Promised, many: Many
) -> None:
    kept = promise(
        "A damaged zip is refused, or read to the letter",
        "up to eight bytes changed, the end cut off",
    )
    path = scratch / "lyrics"
    whole = (GOOD, RIGHT["stored"], locked(GOOD), bytes(GREEDY))
    places = st.integers(4, 80) | st.integers(4, max(map(len, whole)))
    bytes_ = st.sampled_from([0x00, 0x01, 0x7F, 0x80, 0xFF]) | st.integers(0, 255)

    @settings(max_examples=many(150, 20_000))
    @given(
        st.sampled_from(whole),
        st.dictionaries(places, bytes_, max_size=8),
        st.booleans(),
        st.none() | st.integers(4, 400),
    )
    @example(bytes(GREEDY), {}, False, None)
    def read(content: bytes, damage: dict[int, int], at_the_end: bool, length: int | None) -> None:
        damaged = bytearray(content)
        for place, byte in damage.items():
            if place < len(damaged):
                damaged[-place if at_the_end else place] = byte
        path.write_bytes(damaged[:length])
        kept.injected += 1
        try:
            found = lyrics.read(path)
        except PipelineError as fault:
            assert str(fault).startswith(f"{path}: ")
        else:
            kept.lost += found != SONG

    read()
    assert not kept.lost


def test_any_bytes_in_the_place_of_lyrics(scratch: Path, promise: Promised, many: Many) -> None:
    kept = promise("Any bytes in the place of lyrics are a text or refused", "random bytes")
    path = scratch / "lyrics"

    @settings(max_examples=many(100, 5_000))
    @given(st.sampled_from([b"", *archive.ZIP, b"\xef\xbb\xbf", b"\xff\xfe"]), st.binary())
    def read(beginning: bytes, rest: bytes) -> None:
        path.write_bytes(beginning + rest)
        kept.injected += 1
        try:
            assert lyrics.read(path).encode() == (beginning + rest).removeprefix(b"\xef\xbb\xbf")
        except PipelineError as fault:
            assert str(fault).startswith(f"{path}: ")

    read()
