"""Writes that fail: a full disk, a file that may not grow, a refused fsync or replace."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from recurrent.training.checkpoint import Checkpoint, Progress
from tests.reliability import trainings
from tests.reliability.ledger import Promise

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
EXPERIMENT = "nietzsche_lstm"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    trainings.prepared(folder)
    trainings.run(folder, "stages.train", EXPERIMENT)
    return trainings.results(folder)


FAILING = """
import os, pathlib, sys
call, left, experiment = sys.argv[1], int(sys.argv[2]), sys.argv[3]
place = pathlib.Path if call == "replace" else os
plain = getattr(place, call)

def refused(*arguments, **named):
    global left
    left -= 1
    if left < 0:
        raise OSError(5, "Input/output error")
    return plain(*arguments, **named)

setattr(place, call, refused)
from stages import train
from recurrent import console as cli
sys.argv[1:] = [experiment]
cli.run(train.main)
"""


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_costs_one_epoch_at_most(
    call: str, tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(
        "A write that the system refuses stops the training; the next goes on where it stood",
        f"os.{call} fails, after one to four files",
    )
    trainings.prepared(tmp_path)
    done = 0
    for number in range(many(2, 10)):
        failed = subprocess.run(
            [sys.executable, "-c", FAILING, call, str(1 + number % 4), EXPERIMENT],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(trainings.ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert_one_paragraph(failed, "Input/output error")
        kept.injected += 1
        now = trainings.epochs_done(tmp_path, EXPERIMENT)
        kept.lost += now < done
        done = now
        assert not [*tmp_path.rglob("*.part")], "half a file fills a full disk further"
    trainings.run(tmp_path, "stages.train", EXPERIMENT)
    assert not kept.lost
    assert trainings.results(tmp_path) == undisturbed


def test_a_file_that_may_not_grow_is_a_paragraph(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised
) -> None:
    kept = promise(
        "A full disk is an error of one paragraph, and the next training goes on",
        "no file may be larger than 4 KiB (RLIMIT_FSIZE)",
    )
    trainings.prepared(tmp_path)
    limited = subprocess.run(
        [sys.executable, "-m", "stages.train", EXPERIMENT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(trainings.ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        capture_output=True,
        text=True,
        check=False,
    )
    kept.injected = 1
    assert_one_paragraph(limited, "File too large")
    trainings.run(tmp_path, "stages.train", EXPERIMENT)
    assert trainings.results(tmp_path) == undisturbed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 192 KiB; only root can make one."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", tmp_path],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.long
def test_a_full_disk_is_a_paragraph(
    small_disk: Path, undisturbed: dict[str, bytes], promise: Promised
) -> None:
    kept = promise(
        "A full disk is an error of one paragraph, and the next training goes on",
        "ENOSPC on a tmpfs of 192 KiB, then room is made",
    )
    trainings.prepared(small_disk)
    process = trainings.start(
        small_disk, "stages.train", EXPERIMENT, environment={"PYTHONDONTWRITEBYTECODE": "1"}
    )
    said, _ = process.communicate()
    kept.injected = 1
    assert_one_paragraph(
        subprocess.CompletedProcess("", process.returncode, "", said), "No space left on device"
    )
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    trainings.run(small_disk, "stages.train", EXPERIMENT)
    assert trainings.results(small_disk) == undisturbed


def assert_one_paragraph(done: "subprocess.CompletedProcess[str]", says: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and says in errors[0], done.stderr


def test_a_damaged_checkpoint_is_set_aside_whatever_the_damage(
    tmp_path: Path, promise: Promised, many: Many, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = promise(
        "A damaged checkpoint is set aside with a warning, never trained on",
        "one bit turned over, or the end cut off, at evenly spread places",
    )
    path = tmp_path / "seed-0.safetensors"
    checkpoint = Checkpoint(path, "toy")
    torch.manual_seed(0)
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
    places = range(0, len(whole), max(1, len(whole) // many(60, 600)))
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << (place % 8)
        for content in (bytes(flipped), whole[:place]):
            path.write_bytes(content)
            kept.injected += 1
            kept.lost += checkpoint.read() is not None
            assert not path.exists() and path.with_suffix(".damaged").read_bytes() == content
    assert not kept.lost
    assert capsys.readouterr().err.count("is damaged") == kept.injected
