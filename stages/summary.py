"""What came of it, on one screen, and where to look next. Reads files only."""

import pandas as pd
from rich.console import Console
from rich.table import Table

from stages import cli, paths
from stages.errors import PipelineError
from stages.evaluation import lectures
from stages.reporting.page import number

NEXT = f"""\
{paths.REPLICATION_PAGE}   every figure beside the lecture's
make ui                  the runs, compared in MLflow
make replicate           the same on the lectures' own corpora"""


def main() -> None:
    """Print each lecture's headline figures."""
    if not paths.REPLICATION_TABLE.exists():
        raise PipelineError("nothing has been evaluated yet.", remedy="Run make repro.")
    print_table(pd.read_csv(paths.REPLICATION_TABLE), Console())
    Console().print(NEXT, highlight=False)


def print_table(lines: pd.DataFrame, console: Console) -> None:
    """One table a lecture; the experiments of a dataset together, the best first."""
    for key, lecture in lectures.load().items():
        table = Table(title=f"{key}: {lecture.headline}", title_justify="left")
        table.add_column("experiment")
        for column in ("ours", "best possible"):
            table.add_column(column, justify="right")
        table.add_column("verdict")
        ours = lines[lines["row"].str.startswith(lecture.own_row[0])]
        ours = ours[(ours["metric"] == lecture.headline) & (ours["protocol"] != "lecture")]
        for protocol, group in ours.groupby("protocol", sort=False):
            table.add_section()
            table.add_row(f"[dim]{protocol}, {group['source'].iloc[0]}[/dim]")
            for line in group.sort_values("ours", ascending=False).to_dict("records"):
                spread = number(line["spread"])
                table.add_row(
                    line["experiment"],
                    number(line["ours"]) + (f" ± {spread}" if spread else ""),
                    number(line["floor"]),
                    _text(line["verdict"]),
                )
        console.print(table)


def _text(value: object) -> str:
    """An empty field of the table is empty on the screen too."""
    return "" if value != value else str(value)


if __name__ == "__main__":
    cli.run(main)
