"""Print tables in a terminal."""

from typing import Literal

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from recurrent.report.views import Table


def show(table: Table, console: Console) -> None:
    """Print a table with numbers aligned to the right."""
    shown = RichTable(title=Text(table.title), title_justify="left", box=SIMPLE, padding=(0, 1))
    for place, name in enumerate(table.head):
        right = table.numeric(place)
        justify: Literal["left", "right"] = "right" if right else "left"
        shown.add_column(name, justify=justify, no_wrap=right, overflow="fold")
    for row in table.rows:
        shown.add_row(*(Text(cell.code or cell.text) for cell in row))
    console.print(shown)
