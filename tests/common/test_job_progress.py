"""What runs in parallel: lines in a log, bars on a terminal."""

import pytest

from recurrent.common import job_progress
from recurrent.common.job_progress import JobProgress

RUNNING = [("names_gated/gru, seed 0", 0.5), ("evaluate lyrics_gru/lecture", 0.0)]


def test_a_log_gets_a_line_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 4.0, 11.0, 11.0, 12.0])
    monkeypatch.setattr(job_progress, "monotonic", lambda: next(clock))
    with JobProgress("jobs") as shown:
        for _ in range(3):
            shown.show(RUNNING, done=3, left=5, seconds=170)
    assert capsys.readouterr().err == (
        "jobs: 3 of 8 done, about 3 min left; running: names_gated/gru, seed 0 (50%), "
        "evaluate lyrics_gru/lecture (0%)\n"
    )


def test_a_terminal_has_a_bar_for_each_running_job(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with JobProgress("jobs") as shown:
        shown.show(RUNNING, done=3, left=5, seconds=None)
        shown.show(RUNNING[:1], done=4, left=4, seconds=40)
        assert [*shown.names] == [RUNNING[0][0]]
    found = capsys.readouterr().err
    for text in ("names_gated/gru, seed 0", "50%", "4 of 8 done, about 40 s left"):
        assert text in found
