"""Small files are written completely or not at all."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common import files
from recurrent.common.errors import PipelineError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON.filter(lambda value: "inf" not in repr(value)))
def test_json_reads_back(scratch: Path, value: object) -> None:
    path = scratch / "new folder" / "value.json"
    files.write_json(path, value)
    assert files.read_json(path) == value
    assert [p.name for p in path.parent.iterdir()] == ["value.json"]


@given(st.text(st.characters(codec="utf-8")))
def test_text_is_written_unchanged(scratch: Path, text: str) -> None:
    files.write_text(scratch / "text", text)
    assert (scratch / "text").read_bytes() == text.encode()


def test_json_is_for_people_and_diffs(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"王": 1, "b": [2]})
    assert (tmp_path / "a.json").read_bytes() == '{\n "王": 1,\n "b": [\n  2\n ]\n}\n'.encode()


@pytest.mark.parametrize("bad", [float("nan"), object()])
def test_a_value_that_is_not_json_leaves_the_old_file(tmp_path: Path, bad: object) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, 1)
    with pytest.raises((ValueError, TypeError)):
        files.write_json(path, bad)
    assert files.read_json(path) == 1


def test_a_file_that_is_not_json_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'"\xff"')
    with pytest.raises(PipelineError, match=r"a\.json: this is not valid JSON in UTF-8"):
        files.read_json(tmp_path / "a.json")


def test_a_reader_sees_the_old_text_until_the_new_one_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    seen = []
    monkeypatch.setattr("os.fsync", lambda _: seen.append(path.read_text()))
    files.write_text(path, "new")
    assert seen == ["old"]
    assert path.read_text() == "new"


def test_a_full_disk_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
