"""kill -9 of a sweep: the same command trains what is missing, and finds the same best trial."""

import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.pipeline.workspace import Workspace
from tests.reliability import small
from tests.reliability.ledger import Promised

TRIALS = 24
SPACE = ("training.learning_rate=0.0001..0.3:log", "model.settings.hidden=8..64")
NAME = "swept"


def start(workspace: Workspace, workers: int) -> "subprocess.Popen[str]":
    options = ("--trials", str(TRIALS), "--jobs", str(workers), "--name", NAME)
    command = ("python", "-m", "recurrent", "sweep", "names_gated", *SPACE, *options)
    return workspace.start(*command)


def finish(workspace: Workspace, workers: int) -> tuple[str, int]:
    """Run a sweep to its end; return what it prints, and how many trials were done before."""
    process = start(workspace, workers)
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    done = re.search(rf"sweep {NAME}: (\d+) of {TRIALS} trials are done", stderr)
    assert done is not None and "warning" not in stderr, stderr
    return stdout, int(done[1])


def records(workspace: Workspace) -> int:
    """Return how many records the sweep's file has: four for each trial that is done."""
    log = workspace.folder / f".dvc/tmp/sweeps/{NAME}.log"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def kill_in_the_middle(workspace: Workspace, workers: int, more: int, seconds: float) -> None:
    """Kill a sweep some time after it has added some records."""
    wanted = records(workspace) + more
    process = start(workspace, workers)
    while process.poll() is None and records(workspace) < wanted:
        time.sleep(0.02)
    time.sleep(seconds)
    process.kill()
    process.communicate()


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_that_is_killed(tmp_path: Path, promise: Promised, workers: int) -> None:
    end = "with the same trials" if workers == 1 else "with as many trials"
    kept = promise(
        f"A killed `recurrent sweep` is finished by the next call, {end}",
        f"kill -9 at random moments; {workers} worker{'s' * (workers > 1)}",
    )
    war = small.make(tmp_path / "war")
    draw = random.Random(0)
    for _ in range(4):
        kill_in_the_middle(war, workers, draw.randint(2, 6), draw.uniform(0.0, 0.1))
        kept.injected += 1
    printed, done = finish(war, workers)
    assert 0 < done < TRIALS, "the kills were too early or too late to show anything"
    assert f"the best of {TRIALS} trials" in printed
    if workers == 1:
        undisturbed, _ = finish(small.make(tmp_path / "peace"), workers)
        assert printed == undisturbed
