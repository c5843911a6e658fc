"""`recurrent experiments`: DVC's table, transposed to fit a terminal."""

import csv
import subprocess

import pytest
from rich.console import Console

from recurrent.commands import experiments
from recurrent.commands.experiments import compare
from recurrent.report.terminal import show

LOSS = "metrics/scores/names_baselines/naive_bayes.json:loss"
PARAMETER = "experiments.names_baselines.variants.naive_bayes.model.settings.smoothing"
SHOWN = f"""\
Experiment,rev,typ,Created,{LOSS},{PARAMETER},data/models/names_baselines
,workspace,baseline,,0.136174,0.2,fe0ff664b914ccae8b7de64e7b71045d.dir
,main,baseline,2026-11-27T07:50:17,0.125637,1.0,6616a70731bda3fd3f4b061c0635fc4f.dir
smoother,af146b7,branch_base,2026-11-27T07:50:54,,0.1,967ca95eafc12bf5bcf2fdff1bf3f81e.dir
"""
TABLE = compare([*csv.DictReader(SHOWN.splitlines())])


def test_experiments_are_columns_parameters_and_metrics_are_rows() -> None:
    assert TABLE.head == ("", "workspace", "main", "smoother")
    assert [[cell.text for cell in row] for row in TABLE.rows] == [
        [PARAMETER, "0.2", "1.0", "0.1"],
        ["names_baselines/naive_bayes loss", "0.1362", "0.1256", ""],
    ]


def test_the_table_fits_a_terminal() -> None:
    console = Console(width=120, record=True)
    show(TABLE, console)
    lines = console.export_text().splitlines()
    assert PARAMETER in "".join(lines) and max(map(len, lines)) <= 120


def test_a_score_that_dvc_cannot_read_is_shown_as_dvc_shows_it() -> None:
    rows = [*csv.DictReader(SHOWN.replace("0.125637", "!").splitlines())]
    assert [cell.text for cell in compare(rows).rows[1]][2] == "!"


def test_without_experiments_it_says_how_to_run_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    none = subprocess.CompletedProcess([], 0, stdout="rev,typ\nworkspace,baseline\n", stderr="")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: none)
    monkeypatch.setattr("recurrent.commands.experiments.use_this_python", lambda: None)
    experiments.main()
    assert "dvc exp run" in capsys.readouterr().err
