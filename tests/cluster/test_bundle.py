"""Files that are sent to another machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from recurrent.cluster.bundle import FileBundle
from recurrent.common.errors import PipelineError


def test_files_arrive_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1\n")
    (tmp_path / "b.npy").write_bytes(b"\0")
    FileBundle.pack(tmp_path, ["a.csv"]).unpack(tmp_path / "there")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["a.csv"]
    assert (tmp_path / "there/a.csv").read_bytes() == b"1\n"


def test_nothing_is_written_if_a_file_changed_on_the_way(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(name)
    sent = FileBundle.pack(tmp_path, "ab")
    with pytest.raises(PipelineError, match="b changed on the way"):
        replace(sent, content={"a": b"a", "b": b"B"}).unpack(tmp_path / "there")
    assert not (tmp_path / "there").exists()
