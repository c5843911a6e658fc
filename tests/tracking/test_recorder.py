"""Files first: the history is complete whatever becomes of who listens."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from stages import params
from stages.tracking import live
from stages.tracking.live import LiveSink
from stages.tracking.publish import publish_or_warn
from stages.tracking.recorder import Recorder, Row, Run, circumstances, read_history
from tests.pipeline.imports import ROOT

RUN = Run("toy", "names", "f" * 64, (0, 1), {"rate": 0.1}, "bundled", "cpu")
ROWS: list[tuple[int, Row]] = [
    (seed, {"epoch": epoch, "train_loss": 1.0 / epoch}) for seed in (0, 1) for epoch in (1, 2)
]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def record(*sinks: live.LiveSink) -> Path:
    history = Path("history.csv")
    with Recorder(RUN, history, sinks) as recorder:
        for seed, row in ROWS:
            recorder.epoch(seed, row, None)
    return history


def test_the_history_reads_back() -> None:
    assert read_history(record()) == ROWS


def test_each_epoch_is_on_disk_before_the_next_begins() -> None:
    with Recorder(RUN, Path("history.csv"), []) as recorder:
        recorder.epoch(0, {"epoch": 1, "train_loss": 0.5}, 1.5)
        assert read_history(Path("history.csv")) == [(0, {"epoch": 1, "train_loss": 0.5})]


def test_the_history_has_no_clock_in_it() -> None:
    first = record().read_bytes()
    assert first == record().read_bytes()
    assert circumstances("toy")["device"] == "cpu"


class Deaf:
    """A tracker that hears everything and does nothing."""

    def __init__(self, _: Run) -> None:
        self.heard: list[object] = []

    def epoch(self, seed: int, row: Row) -> None:
        self.heard.append((seed, row))

    def close(self, *, finished: bool) -> None:
        self.heard.append("finished" if finished else "failed")


def test_a_live_tracker_hears_every_epoch_in_order_and_how_it_ended() -> None:
    followers: list[Deaf] = []
    record(LiveSink(RUN, lambda run: followers.append(Deaf(run)) or followers[0]))
    assert followers[0].heard == [*ROWS, "finished"]


def test_a_training_that_fails_is_told_as_failed() -> None:
    followers: list[Deaf] = []
    sink = LiveSink(RUN, lambda run: followers.append(Deaf(run)) or followers[0])
    with pytest.raises(ValueError, match="nan"), Recorder(RUN, Path("h.csv"), [sink]):
        raise ValueError("nan")
    assert followers[0].heard == ["failed"]


def test_a_tracker_that_cannot_be_reached_costs_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def connect(_: Run) -> live.Follower:
        raise ConnectionError("no server there")

    assert read_history(record(LiveSink(RUN, connect))) == ROWS
    said = capsys.readouterr().err
    assert said.count("warning") == 1
    assert "no server there" in said
    assert "make publish" in said


def test_a_tracker_that_dies_midway_costs_one_warning(capsys: pytest.CaptureFixture[str]) -> None:
    class Dying(Deaf):
        def epoch(self, seed: int, row: Row) -> None:
            if seed:
                raise TimeoutError("gone")

    assert read_history(record(LiveSink(RUN, Dying))) == ROWS
    assert capsys.readouterr().err.count("warning") == 1


def test_a_tracker_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    hang = threading.Event()

    class Hanging(Deaf):
        def epoch(self, seed: int, row: Row) -> None:
            hang.wait()

    assert read_history(record(LiveSink(RUN, Hanging))) == ROWS
    assert "lags behind" in capsys.readouterr().err
    hang.set()


def test_a_database_in_a_file_is_let_finish_what_it_is_at_and_no_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    done: list[object] = []

    class Migrating(Deaf):
        def __init__(self, run: Run) -> None:
            time.sleep(0.5)
            done.append("migrated")

        def epoch(self, seed: int, row: Row) -> None:
            done.append("epoch")

    assert read_history(record(LiveSink(RUN, Migrating))) == ROWS
    assert done == ["migrated"]
    assert capsys.readouterr().err.count("lags behind") == 1


def test_a_server_that_is_not_there_costs_publish_a_warning(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "params.yaml", "params.yaml")
    monkeypatch.setattr("stages.tracking.publish.is_complete", lambda name: True)
    monkeypatch.setattr("stages.tracking.publish.digest", lambda name: "state")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    publish_or_warn(params.load())
    said = capsys.readouterr().err
    assert "warning: MLflow is not up to date" in said
    assert "make publish" in said
