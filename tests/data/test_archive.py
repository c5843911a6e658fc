"""Files out of a zip: those of a name, bounded, and no others."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.archive import ZIP, is_zip, members, only_member
from recurrent.errors import PipelineError
from tests.data.stores import packed

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
FILES = {"a.csv": b"a" * 1000, "b.csv": b"b" * 2000, "notes.txt": b"as they are"}
WHOLE = packed(FILES)
LARGEST = 2000
NAMES = st.text("ab./_é", min_size=1, max_size=6).filter(lambda name: not name.endswith("/"))
DAMAGE = st.dictionaries(st.integers(4, len(WHOLE) - 1), st.integers(0, 255), max_size=4)


def zipped(folder: Path, content: bytes = WHOLE) -> Path:
    path = folder / "tables.zip"
    path.write_bytes(content)
    return path


def refused(path: Path, *names: str, largest: int = LARGEST) -> str:
    with pytest.raises(PipelineError) as fault:
        members(path, names, largest)
    assert str(fault.value).startswith(f"{path}: ")
    return str(fault.value)


@pytest.mark.parametrize("method", [STORED, DEFLATED])
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=LARGEST), max_size=4),
    wanted=st.sets(NAMES, max_size=2),
)
def test_what_was_packed_is_unpacked_by_its_name(
    scratch: Path, method: int, files: dict[str, bytes], wanted: set[str]
) -> None:
    path = zipped(scratch, packed(files, method))
    names = [*wanted, *files][:3]
    found = members(path, names, LARGEST, optional=[*wanted])
    assert found == {name: files[name] for name in names if name in files}


@given(st.binary())
def test_a_zip_is_known_by_its_first_bytes(scratch: Path, content: bytes) -> None:
    assert not is_zip(zipped(scratch, b"-" + content))
    assert all(is_zip(zipped(scratch, begins + content)) for begins in ZIP)
    assert is_zip(zipped(scratch, packed({})))


def test_other_files_are_left_alone_whatever_they_are(tmp_path: Path) -> None:
    path = zipped(tmp_path, packed({**FILES, "huge.csv": bytes(LARGEST + 1)}))
    assert members(path, ["b.csv"], LARGEST) == {"b.csv": FILES["b.csv"]}


def test_what_is_missing_is_named_and_how_to_pack_it(tmp_path: Path) -> None:
    path = zipped(tmp_path)
    with pytest.raises(PipelineError) as fault:
        members(path, ["a.csv", "c.csv", "d.csv", "e.csv"], LARGEST, optional=["e.csv"])
    assert str(fault.value) == (
        f"{path}: has no c.csv, d.csv; it holds ['a.csv', 'b.csv', 'notes.txt']. "
        "Pack them: zip tables.zip a.csv c.csv d.csv."
    )


def test_a_file_in_a_folder_is_another_one(tmp_path: Path) -> None:
    path = zipped(tmp_path, packed({"tables/a.csv": b"a"}))
    assert "has no a.csv; it holds ['tables/a.csv']" in refused(path, "a.csv")


def test_a_file_may_be_as_large_as_is_allowed_and_no_larger(tmp_path: Path) -> None:
    path = zipped(tmp_path)
    assert members(path, ["b.csv"], LARGEST) == {"b.csv": FILES["b.csv"]}
    assert "unpacks to more than 0 MiB" in refused(path, "a.csv", "b.csv", largest=LARGEST - 1)


@pytest.mark.parametrize("method", [BZIP2, LZMA])
def test_methods_that_unpack_without_bound_are_refused(tmp_path: Path, method: int) -> None:
    message = refused(zipped(tmp_path, packed(FILES, method)), "a.csv")
    assert f"is packed by method {method}, not by deflate" in message


def test_a_locked_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(WHOLE)
    for flags in (6, content.index(b"PK\x01\x02") + 8):  # of the first file, and in the directory
        content[flags] |= 1
    path = zipped(tmp_path, bytes(content))
    message = refused(path, "a.csv")
    assert "encrypted" in message and "without a password" in message
    assert members(path, ["b.csv"], LARGEST) == {"b.csv": FILES["b.csv"]}


@given(DAMAGE, st.integers(4, len(WHOLE)))
def test_however_it_is_damaged_it_is_refused_or_read_to_the_letter(
    scratch: Path, damage: dict[int, int], length: int
) -> None:
    content = bytearray(WHOLE)
    for place, byte in damage.items():
        content[place] = byte
    for end in (None, length):
        path = zipped(scratch, bytes(content[:end]))
        try:
            found = members(path, [*FILES], LARGEST)
        except PipelineError as fault:
            assert str(fault).startswith(f"{path}: ")
        else:
            assert found == FILES


def test_no_name_becomes_a_path(project_folder: Path) -> None:
    outside = "../evil.csv"
    path = zipped(project_folder, packed({outside: b"evil"}))
    before = {*project_folder.parent.rglob("*")}
    assert members(path, [outside], LARGEST) == {outside: b"evil"}
    assert only_member(path, ".csv", LARGEST) == b"evil"
    assert {*project_folder.parent.rglob("*")} == before


@pytest.fixture
def project_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


class TestOnlyMember:
    def test_it_is_found_whatever_its_name_if_that_ends_aright(self, tmp_path: Path) -> None:
        path = zipped(tmp_path, packed({"any/name.txt": b"text"}))
        assert only_member(path, ".txt", LARGEST) == b"text"
        with pytest.raises(PipelineError, match=r"should hold one \.csv file, holds \['any/name"):
            only_member(path, ".csv", LARGEST)

    @pytest.mark.parametrize("files", [{}, {"a.txt": b"", "b.txt": b""}])
    def test_none_or_two_are_refused(self, tmp_path: Path, files: dict[str, bytes]) -> None:
        path = zipped(tmp_path, packed(files))
        with pytest.raises(PipelineError) as fault:
            only_member(path, ".txt", LARGEST)
        assert f"{path}: should hold one .txt file, holds {[*files]}" in str(fault.value)

    def test_it_is_bounded_too(self, tmp_path: Path) -> None:
        path = zipped(tmp_path, packed({"a.txt": bytes(LARGEST)}))
        assert only_member(path, ".txt", LARGEST) == bytes(LARGEST)
        with pytest.raises(PipelineError, match="unpacks to more than"):
            only_member(path, ".txt", LARGEST - 1)
