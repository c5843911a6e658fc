"""What is published, what is skipped, and that a dead server costs a warning."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from recurrent.common import files
from recurrent.tracking import publish
from recurrent.tracking.champions import Champion
from recurrent.tracking.runs import TrackedRun
from tests.project import ROOT
from tests.tracking.toy import trained


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrackedRun:
    """A trained variant, and an empty folder in which MLflow's database will be."""
    monkeypatch.chdir(tmp_path)
    # Absolute, since MLflow keeps connections by URI as long as a process lives.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    return trained(tmp_path)


def key(run: TrackedRun) -> tuple[str, str]:
    return run.variant.experiment, run.variant.variant


@pytest.fixture
def champion(run: TrackedRun) -> Champion:
    """The trained variant, as the best of its lecture."""
    return Champion("toys", "a toy", run, valid_loss=1.5, data="data")


class Fake:
    """A store that has nothing, and accepts everything."""

    def publish(self, run: TrackedRun, state: str) -> bool:
        return True


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurrent.tracking.store.Store", Fake)


@pytest.mark.usefixtures("fake")
def test_the_stamp_remembers_what_was_published(run: TrackedRun, tmp_path: Path) -> None:
    assert publish.publish([run]) == 1
    other = trained(tmp_path, "other")
    assert publish.publish([run, other]) == 2, "the experiment's history has changed"
    assert publish.publish([other]) == publish.publish([run]) == 0
    files.write_text(other.results.samples(*key(other)), "{}\n")
    assert publish.publish([run, other]) == 1


def test_publishing_the_same_files_again_adds_nothing(
    run: TrackedRun, champion: Champion, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish.publish([run], champions=[champion]) == 1
    assert "toys: version 1 is the champion. toy/lecture" in capsys.readouterr().err
    assert publish.publish([run], champions=[champion], trust_stamp=False) == 0
    assert "toys" not in capsys.readouterr().err


@pytest.mark.usefixtures("fake")
def test_the_stamp_remembers_which_champion_was_registered(
    run: TrackedRun, champion: Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered: list[float] = []

    def register(_: Fake, champion: Champion) -> str:
        registered.append(champion.valid_loss)
        return ""

    monkeypatch.setattr("recurrent.tracking.registry.register", register)
    publish.publish([run])
    for loss in (1.5, 1.5, 1.25):
        assert publish.publish([run], champions=[replace(champion, valid_loss=loss)]) == 0
    assert registered == [1.5, 1.25]


@pytest.mark.usefixtures("fake")
def test_another_store_is_filled_from_the_start(
    run: TrackedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlflow.db").touch()
    publish.publish([run])
    (tmp_path / "mlflow.db").rename(tmp_path / "old.db")
    (tmp_path / "mlflow.db").touch()
    assert publish.publish([run]) == 1
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert publish.publish([run]) == 1


def test_a_second_publish_does_not_import_mlflow(run: TrackedRun, tmp_path: Path) -> None:
    publish.publish([run])
    code = (
        "import sys; from pathlib import Path\n"
        "from recurrent.tracking.publish import publish; from tests.tracking.toy import run_in\n"
        f"print(publish([run_in(Path({str(tmp_path)!r}))]), 'mlflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "0 False\n", done.stderr


@pytest.mark.parametrize("part", ["samples", "evaluation", "gradients", "findings"])
def test_the_state_covers_every_file(run: TrackedRun, part: str) -> None:
    before = run.state()
    files.write_text(getattr(run.results, part)(*key(run)), "{}\n")
    assert run.state() != before


def test_a_server_that_is_not_there_costs_a_warning(
    run: TrackedRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with publish.warning_only():
        publish.publish([run])
    said = capsys.readouterr().err
    assert "warning: MLflow is not up to date" in said
    assert "recurrent publish" in said


@pytest.mark.usefixtures("fake")
def test_a_damaged_stamp_is_ignored(run: TrackedRun, tmp_path: Path) -> None:
    files.write_text(tmp_path / publish.STAMP, "not JSON")
    assert publish.publish([run]) == 1


def test_a_warning_has_no_password() -> None:
    fault = ValueError("cannot open postgresql+psycopg://ann:secret@host/mlflow")
    assert publish.one_line(fault) == "ValueError: cannot open postgresql+psycopg://host/mlflow"


def test_the_stamp_has_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ann:secret@host")
    assert "secret" not in str(publish._store_identity())


def test_two_processes_that_publish_the_same_run_create_it_once(
    run: TrackedRun, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    code = (
        "from pathlib import Path\n"
        "from recurrent.tracking.publish import publish; from tests.tracking.toy import run_in\n"
        f"publish([run_in(Path({str(tmp_path)!r}))])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    client = MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    experiments = [one.experiment_id for one in client.search_experiments()]
    assert len(client.search_runs(experiments)) == 1
