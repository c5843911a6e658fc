"""A disk that is full or damages files: one error, and nothing false is used."""

from functools import partial
from pathlib import Path

import pytest
import torch

from recurrent.training.checkpoint import Checkpoint, Progress
from tests.reliability import faults, runs
from tests.reliability.ledger import Many, Promised
from tests.reliability.nasty import assert_paragraph
from tests.reliability.runs import Stage

FULL = "A full disk is one clear error; nothing half-written is used and nothing done is lost"


def assert_one_error(folder: Path, status: int | None, printed: str) -> None:
    """Fail unless a stage ended with one paragraph and left no part of a file."""
    assert status == 1, printed
    (error,) = [line for line in printed.splitlines() if line.startswith("error: ")]
    assert "No space left on device" in error or "File too large" in error
    assert "Traceback" not in printed
    assert_paragraph(error)
    assert not [*folder.rglob("*.part")], "a partial file keeps a full disk full"


def test_a_disk_that_takes_no_more_changes(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(FULL, "from some change on, no file can be opened for writing or renamed")
    check = assert_one_error
    runs.break_at_each_change(tmp_path, faults.refuse_from, check, undisturbed, kept, many)


def test_a_file_that_may_not_grow(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(FULL, "no file may grow beyond a limit, so that writes stop in the middle")
    largest = max(map(len, undisturbed.values()))
    for size in range(0, largest, largest // many(2, 60)):
        folder = runs.prepare(tmp_path / str(size))
        assert_one_error(folder, *Stage(folder, partial(faults.limit_files, size)).end())
        kept.injected += 1
        runs.assert_finishes(folder, undisturbed)


def test_a_damaged_checkpoint(
    tmp_path: Path, promise: Promised, many: Many, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = promise(
        "A damaged checkpoint is set aside with a warning and never used",
        "one bit flipped, or the end cut off, at evenly spaced places",
    )
    path = tmp_path / "checkpoint.safetensors"
    checkpoint = Checkpoint(path)
    checkpoint.write(Progress(epoch=2, weights={"w": torch.rand(40)}, smoothed=0.5))
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // many(60, 600))):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << (place % 8)
        for content in (bytes(flipped), whole[:place]):
            path.write_bytes(content)
            kept.injected += 1
            kept.lost += checkpoint.read() is not None
            assert not path.exists() and path.with_suffix(".damaged").read_bytes() == content
    assert not kept.lost
    assert capsys.readouterr().err.count("is damaged") == kept.injected
