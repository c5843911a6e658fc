"""The headline results on one screen, from the files in metrics/ alone."""

import shutil
from pathlib import Path

import pytest

from recurrent.commands import summary
from recurrent.common.errors import PipelineError
from tests.report import example


@pytest.fixture
def metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example as a fresh clone has it: without data/."""
    monkeypatch.chdir(example.project(tmp_path))
    shutil.rmtree("data")
    return tmp_path


@pytest.mark.usefixtures("metrics")
def test_counts_scores_and_where_to_look_next(capsys: pytest.CaptureFixture[str]) -> None:
    summary.main()
    shown = capsys.readouterr().out
    words = ("1 of 3 claims hold", "nets/plain", "nets/deep")
    first, best, second = (shown.index(word) for word in words)
    assert first < best < second, "claims, then the best model first"
    assert "1.500 ± 0.010" in shown
    assert "metrics/report.html" in shown


@pytest.mark.usefixtures("metrics")
def test_as_markdown_for_the_summary_of_a_ci_run(capsys: pytest.CaptureFixture[str]) -> None:
    summary.main(markdown=True)
    shown = capsys.readouterr().out
    assert "| plain network `nets/plain` | 1.500 ± 0.010 | 1.0000 | better |" in shown


def test_without_results_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example.settings(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PipelineError, match=r"no results yet\. Run `recurrent repro`\."):
        summary.main()
