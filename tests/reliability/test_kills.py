"""SIGKILL at any moment: what was done stays, and the end is the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from itertools import count, takewhile
from pathlib import Path

import pytest

from tests.project import ROOT
from tests.reliability import faults, runs, small
from tests.reliability.ledger import Many, Promised
from tests.reliability.runs import Stage

FILL = """
import time
from functools import partial
from recurrent.common import config
from recurrent.training.fingerprint import plan
from tests.training.small import fill
from recurrent.training.store import RunStore

if __name__ == "__main__":
    settings = config.load()
    fill(plan(settings, "writing"), settings.runtime, 2, RunStore())
else:  # in a worker: a checkpoint after each epoch, and time to be killed
    from recurrent.training import worker
    from recurrent.training.checkpoint import Checkpoint

    def write(self, progress, plain=Checkpoint.write):
        plain(self, progress)
        time.sleep(0.2)

    Checkpoint.write = write
    worker.train_run = partial(worker.train_run, checkpoint_every_s=0.0)
"""


def test_a_stage_killed_at_random_moments(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(
        "A killed training continues after its last checkpoint and ends in the same bytes",
        "kill -9 of `python -m stages.train` at random moments, again and again",
    )
    draw = random.Random(0)
    for number in takewhile(lambda _: kept.injected < many(2, 100), count()):
        folder, done = runs.prepare(tmp_path / str(number)), 0
        while True:
            stage = Stage(folder)
            stage.process.join(draw.uniform(0.0, 0.6))
            if stage.process.exitcode is not None:
                break
            stage.process.kill()
            stage.end()
            kept.injected += 1
            kept.lost += max(0, done - runs.epochs_done(folder))
            done = runs.epochs_done(folder)
        status, printed = stage.end()
        assert status == 0 and "damaged" not in printed, printed
        assert runs.results(folder) == undisturbed
    assert not kept.lost


def test_a_stage_killed_before_each_change_on_disk(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(
        "Whichever file a kill interrupts, nothing half-written is used and nothing done is lost",
        "kill -9 before each change that the stage makes on disk",
    )

    def check(_: Path, status: int | None, printed: str) -> None:
        assert status == -signal.SIGKILL, printed

    runs.break_at_each_change(tmp_path, faults.kill_at, check, undisturbed, kept, many)


def test_workers_whose_parent_is_killed(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(
        "Workers stop when their parent is killed, and the next process continues their runs",
        "kill -9 of the parent of two workers, at random moments",
    )
    draw = random.Random(0)
    for number in range(many(1, 12)):
        folder = runs.prepare(tmp_path / str(number))
        (folder / "fill.py").write_text(FILL, encoding="utf-8")
        parent = subprocess.Popen(
            [sys.executable, "fill.py"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,  # open until the last worker ends
            start_new_session=True,
        )
        while not [*(folder / runs.STORE).glob("*/history.csv")]:  # the first run begins
            assert parent.poll() is None
            time.sleep(0.02)
        time.sleep(draw.uniform(0.0, 1.0))
        parent.kill()
        kept.injected += 1
        try:
            parent.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(parent.pid, signal.SIGKILL)
            pytest.fail("a worker outlived its parent")
        runs.assert_finishes(folder, undisturbed)


@pytest.mark.long
def test_a_pipeline_that_is_killed(tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "A killed `recurrent repro` is finished by the next, with the same files and dvc.lock",
        "kill -9 at random moments; DVC and its stage live on for a while",
    )
    peace, war = (small.make(tmp_path / name) for name in ("peace", "war"))
    started = time.monotonic()
    assert peace.recurrent("repro", "--jobs", "2").returncode == 0
    seconds = time.monotonic() - started
    draw = random.Random(0)
    while kept.injected < 6:
        process = war.start("python", "-m", "recurrent", "repro", "--jobs", "2")
        time.sleep(draw.uniform(0.0, seconds / 2))
        process.kill()
        process.communicate()
        kept.injected += 1
    done = war.recurrent("repro", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert small.outputs(peace) == small.outputs(war)
