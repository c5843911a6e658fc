"""What the page is made of, as values that a template writes out and a test can look at."""

from typing import NamedTuple

from markupsafe import Markup

from recurrent.report.verdicts import Verdict


class Key(NamedTuple):
    """One entry of a chart's legend."""

    name: str
    colour: str  # a variable of the style sheet
    dash: str = ""  # of an SVG stroke


class Chart(NamedTuple):
    """A picture, what it is called, and what there is to see on it."""

    title: str
    caption: str
    svg: Markup
    legend: tuple[Key, ...] = ()


class Cell(NamedTuple):
    """One cell of a table."""

    text: str
    kind: str = ""  # number, code, or nothing
    badge: Verdict | None = None


class Table(NamedTuple):
    """A table; the first cell of each row is its heading."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


class Fold(NamedTuple):
    """What is shown when asked for: long tables, further seeds."""

    summary: str
    tables: tuple[Table, ...]
    open: bool = False


class Section(NamedTuple):
    """A part of the page under a heading of its own."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    folds: tuple[Fold, ...] = ()
    moving: str = ""  # an animation, as a data: URL
    rows: tuple[str, ...] = ()  # rows of lectures.yaml that it belongs to
    parts: tuple["Section", ...] = ()  # under headings one level down


def filled(table: Table) -> Table:
    """Without the columns that have nothing in any row."""
    kept = [
        place
        for place in range(len(table.head))
        if any(row[place].text or row[place].badge for row in table.rows)
    ]
    return table._replace(
        head=tuple(table.head[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in table.rows),
    )


def numbers(*texts: str) -> tuple[Cell, ...]:
    """Cells of figures."""
    return tuple(Cell(text, "number") for text in texts)
