"""Files first: the history is complete whatever becomes of who listens."""

from pathlib import Path

import pytest

from recurrent import files, paths
from recurrent.tracking.history import Fault, Row, read_table
from recurrent.tracking.recorder import Recorder, circumstances
from tests.tracking.toy import ROWS, RUN, Heard, record


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
    sink = Heard()
    with Recorder(RUN, [sink]) as recorder:
        recorder.gradients(1, STEPS)
    assert read_table(paths.gradients("toy")) == [(1, row) for row in STEPS]
    assert paths.gradients("toy").read_text().splitlines()[2] == "1,1,51,0.0021,2e-09"
    assert sink.heard == [(1, STEPS), ("finished", "healthy")]


def test_a_training_without_gradients_has_an_empty_table_of_them() -> None:
    record()
    assert read_table(paths.gradients("toy")) == []
    with Recorder(RUN, []):
        pass
    assert paths.history("toy").read_text().startswith("seed,epoch,train_loss")
    assert paths.gradients("toy").read_text() == "seed,epoch,step,total\n"


def test_what_is_wrong_is_in_a_file_and_told_even_if_the_training_fails() -> None:
    sink = Heard()
    with pytest.raises(ValueError, match="nan"), Recorder(RUN, [sink]) as recorder:
        recorder.faults(0, [])
        recorder.faults(1, [EXPLODED])
        raise ValueError("nan")
    report = files.read_json(paths.health("toy"))
    assert report["healthy"] is False
    assert [(one["seed"], one["step"], one["message"]) for one in report["findings"]] == [
        (1, 812, SAID)
    ]
    assert sink.heard == [("failed", f"seed 1: {SAID}")]


def test_a_healthy_training_says_so() -> None:
    with Recorder(RUN, []) as recorder:
        recorder.faults(0, [])
    assert files.read_json(paths.health("toy")) == {"healthy": True, "findings": []}
