"""What stages and commands share: errors as one paragraph, progress on a terminal and in a log."""

import sys

import pytest

from recurrent.common import console
from recurrent.common.errors import PipelineError


def fail() -> None:
    """Find something wrong."""
    raise PipelineError("is damaged.", where="names.txt", remedy="Download it again.")


def test_an_error_is_one_line_and_exit_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stage"])
    with pytest.raises(SystemExit) as stop:
        console.run(fail)
    assert stop.value.code == "error: names.txt: is damaged. Download it again."


def test_an_error_of_the_system_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device", "data/raw/names")

    monkeypatch.setattr("sys.argv", ["stage"])
    with pytest.raises(SystemExit, match=r"error: data/raw/names: No space left .* run the"):
        console.run(full)


def test_debug_shows_the_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stage", "--debug"])
    with pytest.raises(PipelineError):
        console.run(fail)
    assert sys.argv == ["stage"]


def test_control_characters_in_an_error_are_escaped() -> None:
    assert str(PipelineError("got '\x1b[2J\ud800'.")) == "got '\\x1b[2J\\ud800'."


def test_a_log_gets_a_line_every_ten_seconds_and_the_last_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 40))
    monkeypatch.setattr("recurrent.common.console.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(console.Progress, "EVERY_S", 100)
    with console.Progress("names", total=12, done=4) as progress:
        for epoch in range(4, 12):
            progress.step(f"epoch {epoch}")
    assert capsys.readouterr().err.splitlines() == [
        "names 7/12 (3 min left) epoch 6",
        "names 10/12 (1 min left) epoch 9",
        "names 12/12 epoch 11",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.4, "4 s"), (170, "3 min"), (3600, "1 h 0 min"), (7500, "2 h 5 min")]
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert console.duration(seconds) == text


def test_a_report_in_one_line_has_its_counts_without_its_tables() -> None:
    report = {
        "origin": {"source": "bundled"},
        "rows": 40121,
        "dropped": {"blank line": 3},
        "most_frequent": {"王": 5},
        "bayes": None,
    }
    assert console.brief(report) == "rows 40,121, dropped (blank line 3)"
