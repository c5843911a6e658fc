"""Two at once in one clone, other work beside, and the same thing over and over."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest

from tests.pipeline.workspace import Workspace, names_alone
from tests.reliability import trainings
from tests.reliability.ledger import Promise

Promised = Callable[[str, str], Promise]
EXPERIMENT = "names_rnn"
SPIN = "while True: pass"
ROUNDS = 50
REPRO = (sys.executable, "-m", "recurrent.commands.repro")


@pytest.fixture
def small(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "project")
    workspace.edit(names_alone)
    return workspace


def test_a_second_training_of_one_experiment_waits_for_the_first(
    tmp_path: Path, promise: Promised
) -> None:
    kept = promise("Two trainings of one experiment never write the same files", "both at once")
    trainings.prepared(tmp_path)
    both = [trainings.start(tmp_path, "stages.train", EXPERIMENT) for _ in range(2)]
    said = [process.communicate()[0] for process in both]
    kept.injected = 1
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("runs already in another process" in text for text in said) == 1
    together = trainings.results(tmp_path)
    trainings.run(tmp_path, "stages.train", EXPERIMENT)
    assert trainings.results(tmp_path) == together


@pytest.mark.long
def test_a_second_make_repro_waits_for_the_first(small: Workspace, promise: Promised) -> None:
    kept = promise("Two make repro at once in one clone leave what one leaves", "both at once")
    both = []
    for _ in range(2):
        both.append(small.start(*REPRO))
        time.sleep(1)
    ended = [process.communicate() for process in both]
    kept.injected = 1
    assert [process.returncode for process in both] == [0, 0], ended
    assert "make repro runs already in another process" in ended[1][1]
    assert "Running stage" not in ended[1][0], "the first had done it all"
    assert small.run("dvc", "status").stdout.strip().endswith("up to date.")


@pytest.mark.long
def test_two_dvc_repro_at_once_leave_what_one_leaves(
    small: Workspace, tmp_path: Path, promise: Promised
) -> None:
    kept = promise("Two dvc repro at once corrupt nothing: DVC refuses the second", "both at once")
    peace = Workspace(tmp_path / "peace")
    peace.edit(names_alone)
    peace.repro()
    both = [small.start("dvc", "repro") for _ in range(2)]
    ended = [process.communicate() for process in both]
    kept.injected = 1
    assert 0 in [process.returncode for process in both], ended
    small.repro()
    assert small.tree("data", "metrics") == peace.tree("data", "metrics")


@pytest.fixture
def busy_machine() -> Iterator[int]:
    """As many processes beside the test as the machine has processors."""
    count = os.cpu_count() or 1
    beside = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(count)]
    yield count
    for process in beside:
        process.kill()
        process.wait()


@pytest.mark.parametrize("experiment", trainings.EXPERIMENTS)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.long
def test_a_busy_machine_changes_no_byte(
    experiment: str, threads: int, tmp_path: Path, promise: Promised, request: pytest.FixtureRequest
) -> None:
    kept = promise(
        f"The bytes of a training ({experiment}) do not depend on the load beside it",
        f"a spinning process a processor beside {threads} threads",
    )
    folders = [tmp_path / "idle", tmp_path / "busy"]
    for folder in folders:
        trainings.prepared(folder).edit({"runtime.threads": threads})
    trainings.run(folders[0], "stages.train", experiment)
    kept.injected = request.getfixturevalue("busy_machine")
    trainings.run(folders[1], "stages.train", experiment)
    assert trainings.results(folders[0]) == trainings.results(folders[1])


@pytest.mark.long
def test_the_same_edit_over_and_over_leaves_nothing_behind(
    small: Workspace, promise: Promised
) -> None:
    kept = promise(
        "Edit a parameter, repro, revert, repro: restored from the run cache, nothing piles up",
        "the whole round",
    )
    first = small.repro()
    assert "train@names_gru" in first
    lock, params = (small.folder / name for name in ("dvc.lock", "params.yaml"))
    locked, original = lock.read_bytes(), params.read_bytes()
    small.edit(lambda values: values["experiments"]["names_gru"]["training"].update(rate=0.01))
    edited = params.read_bytes()
    assert "train@names_gru" in small.repro()
    files: list[int] = []
    while kept.injected < ROUNDS:
        whole = kept.injected % 10 == 0  # evaluation and report come from no cache: seconds each
        for content in (original, edited):
            params.write_bytes(content)
            ran = small.repro(*(() if whole else ("train",)))
            assert "train@names_gru" not in ran, "the run cache has it"
            kept.lost += whole and content == original and lock.read_bytes() != locked
        kept.injected += 1
        files.append(sum(path.is_file() for path in small.folder.rglob("*")))
    kept.found = f"{files[0]:,} files after the first round, {files[-1]:,} after the last"
    assert not kept.lost
    assert files[-1] == files[0]
    assert len(fingerprints(small)) == len(set(fingerprints(small))) == 3


def fingerprints(workspace: Workspace) -> list[str]:
    """Of every run in the workspace's MLflow store."""
    client = mlflow.MlflowClient(f"sqlite:///{workspace.folder / 'mlflow.db'}")
    experiments = [found.experiment_id for found in client.search_experiments()]
    return [run.data.tags["fingerprint"] for run in client.search_runs(experiments)]
