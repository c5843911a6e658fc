"""`recurrent experiments`: what DVC's experiments changed, with a column for each experiment.

`dvc exp show` has a column for each parameter and metric, headed by its whole path, and is too wide
for a terminal.
"""

import csv
import re
import subprocess
from collections.abc import Mapping, Sequence

from rich.console import Console

from recurrent.commands.repro import use_this_python
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.report.numbers import number
from recurrent.report.terminal import show
from recurrent.report.views import Cell, Table

Row = Mapping[str, str]  # an experiment as DVC shows it: values by column
EXPERIMENT = "Experiment"  # a column that is missing while there are none
ABOUT = (EXPERIMENT, "rev", "typ", "Created", "parent", "State", "Executor")
SCORE = re.compile(r"metrics/(?:beyond/)?scores/(?P<variant>.+)\.json:(?P<metric>.+)")
HASH = re.compile(r"[0-9a-f]{32}(\.dir)?")


def main() -> None:
    """Print the parameters and metrics in which experiments differ."""
    use_this_python()
    command = ["dvc", "exp", "show", "--only-changed", "--csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PipelineError(done.stderr.strip(), where=" ".join(command))
    rows = [*csv.DictReader(done.stdout.splitlines())]
    if not any(row.get(EXPERIMENT) for row in rows):
        note("there are no experiments yet. Run one: dvc exp run -S KEY=VALUE publish")
        return
    rows.sort(key=lambda row: row[EXPERIMENT])  # the workspace and the commit have no name
    show(compare(rows), Console())


def compare(experiments: Sequence[Row]) -> Table:
    """Return a row for each parameter, then for each metric, in which experiments differ."""
    columns = [
        name for name in experiments[0] if name not in ABOUT and not is_hash(name, experiments)
    ]
    columns.sort(key=is_score)
    rows = [
        (Cell(title(name)), *(cell(row[name], is_score(name)) for row in experiments))
        for name in columns
    ]
    head = ("", *(row[EXPERIMENT] or row["rev"] for row in experiments))
    return Table("Experiments: what differs", head, tuple(rows))


def is_score(column: str) -> bool:
    """Return whether a column is a metric of a variant."""
    return SCORE.fullmatch(column) is not None


def is_hash(column: str, experiments: Sequence[Row]) -> bool:
    """Return whether a column has the hashes of a stage's dependencies."""
    return any(HASH.fullmatch(row[column]) for row in experiments)


def title(column: str) -> str:
    """Return the title of a row: a parameter as in `-S`, or a metric with its variant."""
    found = SCORE.fullmatch(column)
    return f"{found['variant']} {found['metric']}" if found else column


def cell(value: str, score: bool) -> Cell:
    """Return the cell of a value; a parameter is shown as it is, and so is DVC's sign for none."""
    try:
        return Cell(number(float(value)) if score else value, "number")
    except ValueError:
        return Cell(value, "number")
