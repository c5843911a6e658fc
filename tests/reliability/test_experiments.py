"""Replay docs/experiments.md; publish experiments from DVC's temporary folders."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recurrent.commands.clone import DVC_LOCAL
from recurrent.training.store import cache_folder
from tests.docs import console
from tests.project import ROOT
from tests.reliability import small
from tests.reliability.ledger import Promised

pytestmark = pytest.mark.long
PAGE = (ROOT / "docs/experiments.md").read_text(encoding="utf-8")
SMOOTHING = "experiments.names_baselines.variants.logistic.model.settings.strength"
PATIENCE_S = 900
QUEUE = ("queue", "status")


def run(folder: Path, *command: str) -> str:
    """Run a command that must succeed; return what it prints."""
    if command[0] == "recurrent":  # with the folder's own code
        command = ("python", "-m", *command)
    bins = Path(sys.executable).parent
    environment = {
        **{k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"},
        "PATH": f"{bins}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "120",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, (command, done.stdout)
    return done.stdout


def wait_for_queue(folder: Path) -> None:
    """Wait until no experiment is queued or running."""
    deadline = time.monotonic() + PATIENCE_S
    while any(word in run(folder, "dvc", *QUEUE) for word in ("Queued", "Running")):
        assert time.monotonic() < deadline, run(folder, "dvc", *QUEUE)
        time.sleep(2)


@pytest.fixture
def reproduced(tmp_path: Path) -> Path:
    """A clone of this project in which everything is reproduced, from this project's cache."""
    folder = tmp_path / "lectures"
    run(ROOT, "git", "clone", "--quiet", ".", str(folder))
    run(folder, "git", "checkout", "--quiet", "-B", "main")
    cache = cache_folder(ROOT).resolve()
    (folder / DVC_LOCAL).write_text(f"[cache]\n    dir = {cache}\n", encoding="utf-8")
    try:
        run(folder, "dvc", "checkout", "--quiet")
        ready = run(folder, "dvc", "status", "--json").strip() == "{}"
    except AssertionError:
        ready = False
    if not ready:
        pytest.skip("needs the outputs of the last commit in DVC's cache: run `make repro`, commit")
    return folder


def test_the_page_of_experiments_is_true(reproduced: Path, promise: Promised) -> None:
    kept = promise("The session in docs/experiments.md prints what the page shows", "none")
    for step in console.read(PAGE):
        output = run(reproduced, *shlex.split(step.command))
        assert console.matches(step.output, output), f"$ {step.command}\n{output}"
        kept.injected += 1
        if step.command.startswith("dvc queue start"):
            wait_for_queue(reproduced)


def test_queued_and_temporary_experiments_are_published(tmp_path: Path, promise: Promised) -> None:
    from mlflow import MlflowClient

    kept = promise(
        "Queued and temporary experiments are in the project's MLflow store", "folders below .dvc"
    )
    folder = small.make(tmp_path / "project").folder
    run(folder, "dvc", "repro")
    run(folder, "git", "add", "--all")
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    run(folder, "git", *identity, "commit", "--quiet", "--message", "reproduced")
    run(folder, "dvc", "exp", "run", "--temp", "-S", f"{SMOOTHING}=2", "publish")
    run(folder, "dvc", "exp", "run", "--queue", "-S", f"{SMOOTHING}=3,4", "publish")
    run(folder, "dvc", "queue", "start", "-j", "2")
    wait_for_queue(folder)
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    ids = [one.experiment_id for one in client.search_experiments()]
    found = [run.data.params.get("model.strength") for run in client.search_runs(ids)]
    assert sorted(filter(None, found)) == ["1.0", "2", "3", "4"], "each run is there once"
    assert not [*(folder / ".dvc/tmp").rglob("mlflow.db")]
    kept.injected = 3
