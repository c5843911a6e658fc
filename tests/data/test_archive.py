"""Files from a zip: bounded, by name, and never written to a path of the zip's choice."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common.errors import PipelineError
from recurrent.data.archive import members, only_member
from tests.data.stores import packed

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
FILES = {"a.csv": b"a" * 1000, "b.csv": b"b" * 2000, "notes.txt": b"unread"}
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
def test_each_file_is_unpacked_by_its_name(
    scratch: Path, method: int, files: dict[str, bytes], wanted: set[str]
) -> None:
    path = zipped(scratch, packed(files, method))
    names = [*wanted, *files][:3]
    found = members(path, names, LARGEST, optional=[*wanted])
    assert found == {name: files[name] for name in names if name in files}


def test_missing_files_are_named(tmp_path: Path) -> None:
    path = zipped(tmp_path)
    with pytest.raises(PipelineError) as fault:
        members(path, ["a.csv", "c.csv", "d.csv", "e.csv"], LARGEST, optional=["e.csv"])
    assert str(fault.value) == (
        f"{path}: the zip has no c.csv, d.csv; it holds ['a.csv', 'b.csv', 'notes.txt']. "
        "Zip them: zip tables.zip a.csv c.csv d.csv."
    )


def test_a_file_may_have_the_largest_size_and_no_more(tmp_path: Path) -> None:
    path = zipped(tmp_path, packed({**FILES, "unread.csv": bytes(LARGEST + 1)}))
    assert members(path, ["b.csv"], LARGEST) == {"b.csv": FILES["b.csv"]}
    assert "unpacks to more than" in refused(path, "a.csv", "b.csv", largest=LARGEST - 1)
    path = zipped(tmp_path, packed({"a.txt": bytes(LARGEST)}))
    assert only_member(path, ".txt", LARGEST) == bytes(LARGEST)
    with pytest.raises(PipelineError, match="unpacks to more than"):
        only_member(path, ".txt", LARGEST - 1)


@pytest.mark.parametrize("name", ["../evil.csv", "/tmp/evil.csv", "a/../../evil.csv"])
def test_a_name_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    path = zipped(folder, packed({name: b"evil"}))
    before = {*tmp_path.rglob("*")}
    assert members(path, [name], LARGEST) == {name: b"evil"}
    assert only_member(path, ".csv", LARGEST) == b"evil"
    assert {*tmp_path.rglob("*")} == before
    assert not Path("/tmp/evil.csv").exists()
