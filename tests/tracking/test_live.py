"""MLflow as a training passes: it is told everything, and costs a warning at most."""

import threading
import time
from pathlib import Path

import pytest

from recurrent.errors import PipelineError
from recurrent.tracking import live
from recurrent.tracking.history import Row, read_table
from recurrent.tracking.live import LiveSink
from recurrent.tracking.recorder import Recorder, Run
from tests.tracking.toy import ROWS, RUN, Heard, record


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, and trainings that are followed however short."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(live.FOLLOW_VARIABLE, "0")


class Follower(Heard):
    """A tracker that hears everything and does nothing."""

    def __init__(self, _: Run) -> None:
        super().__init__()


def test_a_training_that_is_over_soon_is_left_to_publishing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(live.FOLLOW_VARIABLE, "60")
    followers: list[Follower] = []
    record(LiveSink(RUN, lambda run: followers.append(Follower(run)) or followers[0]))
    assert followers == []
    assert capsys.readouterr().err == ""


def test_a_live_tracker_hears_every_epoch_in_order_and_how_it_ended() -> None:
    followers: list[Follower] = []
    record(LiveSink(RUN, lambda run: followers.append(Follower(run)) or followers[0]))
    assert followers[0].heard == [*ROWS, ("finished", "healthy")]


@pytest.mark.parametrize("after_s", ["0", "60"])
def test_a_training_that_fails_is_told_as_failed_however_soon(
    after_s: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(live.FOLLOW_VARIABLE, after_s)
    followers: list[Follower] = []
    sink = LiveSink(RUN, lambda run: followers.append(Follower(run)) or followers[0])
    with pytest.raises(ValueError, match="nan"), Recorder(RUN, [sink]):
        raise ValueError("nan")
    assert followers[0].heard == [("failed", "healthy")]


def test_a_tracker_that_cannot_be_reached_costs_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def connect(_: Run) -> live.Follower:
        raise ConnectionError("no server there")

    assert read_table(record(LiveSink(RUN, connect))) == ROWS
    said = capsys.readouterr().err
    assert said.count("warning") == 1
    assert "no server there" in said
    assert "make publish" in said


def test_a_tracker_that_dies_midway_costs_one_warning(capsys: pytest.CaptureFixture[str]) -> None:
    class Dying(Follower):
        def epoch(self, seed: int, row: Row) -> None:
            if seed:
                raise TimeoutError("gone")

    assert read_table(record(LiveSink(RUN, Dying))) == ROWS
    assert capsys.readouterr().err.count("warning") == 1


def test_a_tracker_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    hang = threading.Event()

    class Hanging(Follower):
        def epoch(self, seed: int, row: Row) -> None:
            hang.wait()

    assert read_table(record(LiveSink(RUN, Hanging))) == ROWS
    assert "lags behind" in capsys.readouterr().err
    hang.set()


def test_a_database_in_a_file_is_let_finish_what_it_is_at_and_no_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    done: list[object] = []

    class Migrating(Follower):
        def __init__(self, run: Run) -> None:
            time.sleep(0.5)
            done.append("migrated")

        def epoch(self, seed: int, row: Row) -> None:
            done.append("epoch")

    assert read_table(record(LiveSink(RUN, Migrating))) == ROWS
    assert done == ["migrated"]
    assert capsys.readouterr().err.count("lags behind") == 1


def test_a_database_in_a_file_that_is_locked_later_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    unlocked, done = threading.Event(), threading.Event()

    class Locked(Follower):
        def epoch(self, seed: int, row: Row) -> None:
            unlocked.wait()
            done.set()
            raise OSError("database is locked")

    sink = LiveSink(RUN, Locked)
    assert read_table(record(sink)) == ROWS
    assert not done.is_set()
    unlocked.set()
    sink._thread.join()
    said = capsys.readouterr().err
    assert said.count("warning") == 1, "what fails after it was given up is not said again"
    assert "lags behind" in said


def test_what_a_tracker_says_in_many_lines_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    def connect(_: Run) -> live.Follower:
        raise ConnectionError("no database:\n  (Background\non this error)")

    record(LiveSink(RUN, connect))
    assert "(ConnectionError: no database: (Background on this error)" in capsys.readouterr().err


def test_a_delay_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(live.FOLLOW_VARIABLE, "soon")
    with pytest.raises(PipelineError, match=r"FOLLOW_AFTER_S: 'soon' is no number"):
        LiveSink(RUN, Follower)
