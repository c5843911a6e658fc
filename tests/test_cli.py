"""What every command shares: progress for a terminal and for a log, faults as one paragraph."""

import pytest

from recurrent import console as cli
from recurrent.errors import PipelineError


def fail() -> None:
    """A command that finds a fault."""
    raise PipelineError("is damaged.", where="names.txt", remedy="Fetch it again.")


def test_a_fault_is_one_line_and_exit_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["stage"])
    with pytest.raises(SystemExit) as stop:
        cli.run(fail)
    assert stop.value.code == "error: names.txt: is damaged. Fetch it again."


def test_debug_shows_the_fault_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stage", "--debug"])
    with pytest.raises(PipelineError):
        cli.run(fail)


def test_a_log_gets_a_line_every_so_often_and_the_last_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 4))  # each look at it is four seconds later
    monkeypatch.setattr("recurrent.console.time.monotonic", lambda: next(clock))
    progress = cli.Progress("names_gru", total=8)
    for epoch in range(8):
        progress.step(f"epoch {epoch}")
    progress.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "names_gru 8/8 epoch 7"
    assert 2 <= len(lines) < 8


def test_a_report_in_one_line_has_its_counts_and_not_its_tables() -> None:
    report = {
        "origin": {"source": "bundled"},
        "rows": 40121,
        "dropped": {"blank line": 3},
        "most_frequent": {"王": 5},
        "floor": None,
    }
    assert cli.brief(report) == "rows 40,121, dropped (blank line 3)"
