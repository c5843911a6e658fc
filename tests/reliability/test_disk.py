"""A disk that is full, refuses writes or damages files: an error, and nothing false is used."""

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from recurrent.training.checkpoint import Checkpoint, Progress
from tests.reliability import faults, runs
from tests.reliability.ledger import Many, Promised
from tests.reliability.runs import Stage

FULL = "A full disk is one clear error; nothing half-written is used and nothing done is lost"
PAGE = 4096  # bytes that a file system gives out at once


def test_a_disk_that_takes_no_more_changes(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(FULL, "from some step on, no file can be opened for writing, copied or renamed")
    changes = runs.count_changes(tmp_path / "all")
    done = 0
    for step in range(1, changes + 1, changes // many(4, changes)):
        folder = runs.prepare(tmp_path / str(step))
        runs.assert_one_error(*Stage(folder, partial(faults.refuse_from, step)).end(), "No space")
        assert not [*folder.rglob("*.part")], "half a file keeps a full disk full"
        kept.injected += 1
        kept.lost += max(0, done - runs.epochs_done(folder))
        done = runs.epochs_done(folder)
        runs.assert_finishes(folder, undisturbed)
    assert not kept.lost


def test_a_file_that_may_not_grow(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(FULL, "no file may grow beyond a limit, so writes stop in the middle (ulimit)")
    largest = max(map(len, undisturbed.values()))
    for size in range(0, largest, largest // many(3, 60)):
        folder = runs.prepare(tmp_path / str(size))
        limited = Stage(folder, partial(faults.limit_files, size)).end()
        runs.assert_one_error(*limited, "File too large")
        kept.injected += 1
        runs.assert_finishes(folder, undisturbed)


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount a file system in memory, or resize it. Only root can."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def resize(size: int) -> Path:
        again = "remount," if disk.is_mount() else ""
        command = ["mount", "-t", "tmpfs", "-o", f"{again}size={size}", "tmpfs", str(disk)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount a file system")
        return disk

    yield resize
    if disk.is_mount():
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.long
def test_a_real_disk_without_room(
    mount: Callable[[int], Path], undisturbed: dict[str, bytes], promise: Promised
) -> None:
    kept = promise(FULL, "a file system with room for a few blocks, from none to enough")
    blocks, status, roomy = 0, 1, 64 << 20
    while status:
        folder = runs.prepare(mount(roomy) / str(blocks))
        used = sum(-(-path.stat().st_size // PAGE) for path in mount(roomy).rglob("*"))
        mount((used + blocks) * PAGE)
        status, said = Stage(folder).end()
        mount(roomy)
        if status:
            runs.assert_one_error(status, said, "No space left")
            kept.injected += 1
        runs.assert_finishes(folder, undisturbed)
        blocks += 3
    assert kept.injected > 5


def test_a_damaged_checkpoint(
    tmp_path: Path, promise: Promised, many: Many, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = promise(
        "A damaged checkpoint is set aside with a warning and never used",
        "one bit flipped, or the end cut off, at evenly spaced places",
    )
    path = tmp_path / "checkpoint.safetensors"
    checkpoint = Checkpoint(path)
    checkpoint.write(
        Progress(
            epoch=2,
            history=[{"epoch": 1, "train_loss": 0.5}],
            gradients=[{"epoch": 1, "step": 1, "total": 0.25}],
            weights={"w": torch.rand(40)},
            optimizer={"0.step": torch.tensor(7.0)},
        )
    )
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
