"""What came of it, on one screen, and where to look next. Reads files only."""

import pandas as pd
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from recurrent import config as params
from recurrent import console as cli
from recurrent import files, paths
from recurrent.errors import PipelineError
from recurrent.evaluation import lectures
from recurrent.report.page import number

NEXT = f"""\
best: what the source of the corpus itself reaches on the same records
{paths.REPORT}      all of it on one page: open it in a browser
{paths.REPLICATION_PAGE}   every figure beside the lecture's
make ui                  the runs, compared in MLflow
make replicate           the same on the lectures' own corpora"""


def main() -> None:
    """Print each lecture's headline figures."""
    if not paths.REPLICATION_TABLE.exists():
        raise PipelineError("nothing has been evaluated yet.", remedy="Run make repro.")
    print_table(pd.read_csv(paths.REPLICATION_TABLE), Console())
    for line in unwell():
        Console().print(line, highlight=False)
    Console().print(NEXT, highlight=False)


def print_table(lines: pd.DataFrame, console: Console) -> None:
    """A table for each lecture and dataset, the best experiment first."""
    for key, lecture in lectures.load().items():
        ours = lines[lines["row"].isin(lecture.rows)]
        held_out = ours["protocol"].str.startswith("held-out,")
        ours = ours[(ours["metric"] == lecture.headline) & held_out]
        ours = ours.assign(ours=pd.to_numeric(ours["ours"]))  # among printed texts, numbers are too
        for protocol, group in ours.groupby("protocol", sort=False):
            title = f"{key}: {lecture.headline}, {protocol} ({group['source'].iloc[0]})"
            table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1))
            table.add_column("experiment", no_wrap=True)
            table.add_column("ours", justify="right", no_wrap=True)
            table.add_column("best", justify="right")
            table.add_column("verdict", overflow="fold")  # the rival's name stays whole
            best_first = group.sort_values("ours", ascending=lecture.better == "lower")
            for line in best_first.to_dict("records"):
                spread = number(line["spread"])
                table.add_row(
                    line["experiment"],
                    number(line["ours"]) + (f" ± {spread}" if spread else ""),
                    number(line["floor"]),
                    _text(line["verdict"]),
                )
            console.print(table)


def unwell() -> list[str]:
    """The trainings that found something wrong with themselves, and what first."""
    lines = []
    for name in params.load().experiments:
        path = paths.health(name)
        findings = files.read_json(path)["findings"] if path.exists() else []
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        lines += [f"{name}: {one['message']}{more}" for one in findings[:1]]
    return ["trainings that found something wrong with themselves:", *lines, ""] if lines else []


def _text(value: object) -> str:
    """An empty field of the table is empty on the screen too."""
    return "" if value != value else str(value)


if __name__ == "__main__":
    cli.run(main)
