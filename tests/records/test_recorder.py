"""Files first: the history is complete whatever becomes of who listens."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from stages.common import files, params, paths
from stages.records.history import Fault, Row, read_table
from stages.records.recorder import Recorder, Run, circumstances
from stages.tracking import live
from stages.tracking.live import LiveSink
from stages.tracking.publish import publish_or_warn
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
    with Recorder(RUN, sinks) as recorder:
        for seed, row in ROWS:
            recorder.epoch(seed, row, None)
    return paths.history("toy")


def test_the_history_reads_back() -> None:
    assert read_table(record()) == ROWS


def test_each_epoch_is_on_disk_before_the_next_begins() -> None:
    with Recorder(RUN, []) as recorder:
        recorder.epoch(0, {"epoch": 1, "train_loss": 0.5}, 1.5)
        assert read_table(paths.history("toy")) == [(0, {"epoch": 1, "train_loss": 0.5})]


def test_the_history_has_no_clock_in_it() -> None:
    first = record().read_bytes()
    assert first == record().read_bytes()
    assert circumstances("toy")["device"] == "cpu"


def test_small_numbers_keep_their_digits(project: Path) -> None:
    with Recorder(RUN, []) as recorder:
        recorder.epoch(0, {"epoch": 1, "large": 1234.5, "small": 0.0000123456, "none": 0.0}, None)
    assert paths.history("toy").read_text() == (
        "seed,epoch,large,small,none\n0,1,1234.500000,1.235e-05,0.000000\n"
    )


STEPS: list[Row] = [
    {"epoch": 1, "step": 1, "total": 5.0, "W_hh": 4.0},
    {"epoch": 1, "step": 51, "total": 0.0021, "W_hh": 2e-9},
]
EXPLODED = Fault("exploding", 2, 812, "W_hh", 3.2e4, times=7)
SAID = "gradient exploding at step 812 (epoch 2) in W_hh, norm 3.2e+04; 7 steps"


def test_gradients_have_a_table_and_a_sink_of_their_own() -> None:
    followers: list[Deaf] = []
    sink = LiveSink(RUN, lambda run: followers.append(Deaf(run)) or followers[0])
    with Recorder(RUN, [sink]) as recorder:
        recorder.gradients(1, STEPS)
    assert read_table(paths.gradients("toy")) == [(1, row) for row in STEPS]
    assert paths.gradients("toy").read_text().splitlines()[2] == "1,1,51,0.0021,2e-09"
    assert followers[0].heard == [(1, STEPS), ("finished", "healthy")]


def test_a_training_without_gradients_has_an_empty_table_of_them() -> None:
    record()
    assert read_table(paths.gradients("toy")) == []
    with Recorder(RUN, []):
        pass
    assert paths.history("toy").read_text().startswith("seed,epoch,train_loss")
    assert paths.gradients("toy").read_text() == "seed,epoch,step,total\n"


def test_what_is_wrong_is_in_a_file_and_told_even_if_the_training_fails() -> None:
    followers: list[Deaf] = []
    sink = LiveSink(RUN, lambda run: followers.append(Deaf(run)) or followers[0])
    with pytest.raises(ValueError, match="nan"), Recorder(RUN, [sink]) as recorder:
        recorder.faults(0, [])
        recorder.faults(1, [EXPLODED])
        raise ValueError("nan")
    report = files.read_json(paths.health("toy"))
    assert report["healthy"] is False
    assert [(one["seed"], one["step"], one["message"]) for one in report["findings"]] == [
        (1, 812, SAID)
    ]
    assert followers[0].heard == [("failed", f"seed 1: {SAID}")]


def test_a_healthy_training_says_so() -> None:
    with Recorder(RUN, []) as recorder:
        recorder.faults(0, [])
    assert files.read_json(paths.health("toy")) == {"healthy": True, "findings": []}


class Deaf:
    """A tracker that hears everything and does nothing."""

    def __init__(self, _: Run) -> None:
        self.heard: list[object] = []

    def epoch(self, seed: int, row: Row) -> None:
        self.heard.append((seed, row))

    def gradients(self, seed: int, rows: list[Row]) -> None:
        self.heard.append((seed, rows))

    def close(self, *, finished: bool, health: str) -> None:
        self.heard.append(("finished" if finished else "failed", health))


def test_a_live_tracker_hears_every_epoch_in_order_and_how_it_ended() -> None:
    followers: list[Deaf] = []
    record(LiveSink(RUN, lambda run: followers.append(Deaf(run)) or followers[0]))
    assert followers[0].heard == [*ROWS, ("finished", "healthy")]


def test_a_training_that_fails_is_told_as_failed() -> None:
    followers: list[Deaf] = []
    sink = LiveSink(RUN, lambda run: followers.append(Deaf(run)) or followers[0])
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
    class Dying(Deaf):
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

    class Hanging(Deaf):
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

    class Migrating(Deaf):
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

    class Locked(Deaf):
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
