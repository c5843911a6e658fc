"""`recurrent experiments`: DVC's table, transposed to fit a terminal."""

import csv

from rich.console import Console

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
