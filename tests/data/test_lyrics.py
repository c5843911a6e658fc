import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.text import lyrics
from recurrent.errors import PipelineError
from tests.project import Project

SONG = "想要有直升机\n想要和你飞到宇宙去\n" * 20


def packed(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


ALBUM = packed(("album.txt", SONG.encode()))


def refused(path: Path) -> str:
    with pytest.raises(PipelineError) as fault:
        lyrics.check(path)
    assert str(path) in str(fault.value)
    return str(fault.value)


@pytest.mark.parametrize("content", [ALBUM, SONG.encode(), SONG.encode("utf-8-sig")])
def test_a_zip_and_a_plain_text_read_alike(project: Project, content: bytes) -> None:
    path = project.file("lyrics", content)
    lyrics.check(path)
    assert lyrics.read(path) == SONG


def test_line_ends_are_kept(project: Project) -> None:
    assert lyrics.read(project.file("lyrics", packed(("a.txt", b"a\r\nb\rc\n")))) == "a\r\nb\rc\n"


@pytest.mark.parametrize(
    ("members", "held"),
    [
        ((("a.txt", b"a"), ("b.txt", b"b")), "['a.txt', 'b.txt']"),
        ((("a.pdf", b"a"),), "['a.pdf']"),
        ((("songs/", b""),), "['songs/']"),
        ((), "[]"),
    ],
)
def test_a_zip_of_anything_but_one_text_is_refused_and_its_contents_named(
    project: Project, members: tuple[tuple[str, bytes], ...], held: str
) -> None:
    message = refused(project.file("lyrics", packed(*members)))
    assert f"should hold one .txt file, holds {held}" in message


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a/../../evil.txt"])
def test_a_members_name_never_becomes_a_path(project: Project, name: str) -> None:
    path = project.file("lyrics", packed((name, SONG.encode())))
    before = {str(p) for p in project.folder.parent.rglob("*")}
    assert lyrics.read(path) == SONG
    assert {str(p) for p in project.folder.parent.rglob("*")} == before
    assert not Path("/evil.txt").exists()


def test_what_is_no_zip_in_spite_of_its_first_bytes_is_refused(project: Project) -> None:
    assert "is no zip that can be read" in refused(project.file("lyrics", b"PK\x03\x04 of gold"))


def test_an_encrypted_member_is_refused(project: Project) -> None:
    content = bytearray(ALBUM)
    directory = content.index(b"PK\x01\x02")
    for flags in (6, directory + 8):  # in the member's own header, and in the directory
        content[flags] |= 1
    assert "encrypted" in refused(project.file("lyrics", bytes(content)))


def test_corrupted_bytes_are_refused(project: Project) -> None:
    content = bytearray(ALBUM)
    start = 30 + len("album.txt")  # of the packed bytes
    content[start : start + 20] = b"\xff" * 20
    assert "is no zip that can be read" in refused(project.file("lyrics", bytes(content)))


def read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        assert lyrics.read(path) == SONG
    except PipelineError as fault:
        assert str(path) in str(fault)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_wherever_a_byte_is_damaged_it_is_refused_or_does_no_harm(
    project: Project, flip: int
) -> None:
    for at in range(4, len(ALBUM)):
        content = bytearray(ALBUM)
        content[at] ^= flip
        read_or_refused(project.folder / "lyrics", bytes(content))


@given(
    st.dictionaries(st.integers(4, len(ALBUM) - 1), st.integers(0, 255), max_size=3),
    st.integers(4, len(ALBUM)),
)
def test_however_much_is_damaged_or_missing_it_is_refused_or_does_no_harm(
    scratch: Path, damage: dict[int, int], length: int
) -> None:
    content = bytearray(ALBUM)
    for at, byte in damage.items():
        content[at] = byte
    read_or_refused(scratch / "lyrics", bytes(content))
    read_or_refused(scratch / "lyrics", bytes(content[:length]))


def test_a_member_that_unpacks_to_too_much_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lyrics, "LARGEST", 1 << 20)
    fits = project.file("lyrics", packed(("zeros.txt", b"0" * (1 << 20))))
    assert len(lyrics.read(fits)) == 1 << 20
    assert "unpacks to more than 1 MiB" in refused(
        project.file("bomb", packed(("zeros.txt", b"0" * ((1 << 20) + 1))))
    )


def test_a_member_that_is_not_utf8_is_refused(project: Project) -> None:
    content = packed(("gbk.txt", SONG.encode("gb18030")))
    assert "is not UTF-8 at byte 0 (line 1)" in refused(project.file("lyrics", content))
