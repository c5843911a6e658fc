"""Publish a toy variant in a process of its own, and compare MLflow with its files afterwards."""

import os
import subprocess
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.entities import Run as MlflowRun

from recurrent.tracking.publish import publish as to_mlflow
from recurrent.tracking.publish import warning_only
from tests.project import ROOT
from tests.tracking.toy import run_in, trained

EPOCHS = 400  # so that a kill can come while they are logged
PATIENCE_S = 60.0  # for imports and all tries on a loaded machine


def prepare(folder: Path, fingerprint: str = "f" * 64, epochs: int = EPOCHS) -> Path:
    """Write the files of a variant; return the folder."""
    trained(folder, fingerprint=fingerprint, epochs=epochs)
    return folder


def start(folder: Path, uri: str, fingerprint: str = "f" * 64) -> subprocess.Popen[str]:
    """Start publishing, as `recurrent repro` does it."""
    local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.tracked", str(folder), fingerprint],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": uri, **local},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def publish(folder: Path, uri: str, fingerprint: str = "f" * 64) -> str:
    """Publish to the end; return what was printed."""
    process = start(folder, uri, fingerprint)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    return said


def publish_here(folder: Path, uri: str, fingerprint: str = "f" * 64) -> str:
    """Publish in this process, which has imported MLflow; return what was printed."""
    said = StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(said):
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1")
        publish_or_warn(folder, fingerprint)
    return said.getvalue()


def publish_or_warn(folder: Path, fingerprint: str) -> None:
    """Publish as `recurrent repro` does it."""
    with warning_only():
        to_mlflow([run_in(folder, fingerprint=fingerprint)])


def lost_after_publishing(folder: Path, uri: str, fingerprint: str = "f" * 64) -> int:
    """Publish twice; return how many points MLflow lacks. None may be doubled or change again."""
    assert "warning" not in publish_here(folder, uri, fingerprint)
    client = MlflowClient(uri)
    run, points = the_run(client, fingerprint), curves(client, fingerprint)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test/loss"] == 1.5
    (output,) = run.outputs.model_outputs
    assert client.get_logged_model(output.model_id).status == LoggedModelStatus.READY
    (folder / ".dvc/tmp/published.json").unlink()  # ask MLflow itself
    assert "warning" not in publish_here(folder, uri, fingerprint)
    assert the_run(client, fingerprint).to_dictionary() == run.to_dictionary()
    written = {(name, step) for name, _, step in run_in(folder).points()}
    assert len({*points}) == len(points), "a point is doubled"
    assert {*points} <= written
    return len(written) - len(points)


def the_run(client: MlflowClient, fingerprint: str) -> MlflowRun:
    """The only run of a variant."""
    found = [run for run in all_runs(client) if run.data.tags["fingerprint"] == fingerprint]
    assert len(found) == 1, f"{len(found)} runs of one variant"
    return found[0]


def all_runs(client: MlflowClient) -> list[MlflowRun]:
    """Every run of a store."""
    experiments = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(experiments))


def curves(client: MlflowClient, fingerprint: str) -> list[tuple[str, int]]:
    """The metric and step of every point that MLflow has of a variant's curves."""
    run = the_run(client, fingerprint)
    return [
        (name, point.step)
        for name in run.data.metrics
        if not name.startswith("test/") and name != "seconds"
        for point in client.get_metric_history(run.info.run_id, name)
    ]


def assert_one_warning(said: str) -> None:
    """MLflow's trouble is one warning, and what to do about it."""
    lines = said.splitlines()
    assert len(lines) == 2 and lines[0].startswith("warning: MLflow is not up to date"), said
    assert "recurrent publish" in lines[1]


if __name__ == "__main__":
    publish_or_warn(Path(sys.argv[1]), sys.argv[2])
