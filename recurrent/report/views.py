"""The parts of a page, as values. Templates and the terminal render them."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Literal, NamedTuple

import pandas as pd

from recurrent.report.numbers import count, number, one_line, published


class Cell(NamedTuple):
    """One cell of a table."""

    text: str = ""
    kind: Literal["text", "number", "code", "prose", "verdict"] = "text"


class Table(NamedTuple):
    """A table; if `folded`, the page hides it until the reader opens it."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False

    def numeric(self, column: int) -> bool:
        """Return whether a column is aligned to the right."""
        kinds = {row[column].kind for row in self.rows if row[column].text}
        return kinds == {"number"}


class Chart(NamedTuple):
    """A picture, its title, and a caption that describes it."""

    title: str
    caption: str
    svg: str

    @property
    def source(self) -> str:
        """The picture as a data URL: an image cannot clash with the ids of another one."""
        return data_url("image/svg+xml", self.svg.encode("utf-8"))


class Section(NamedTuple):
    """A part of the page under a heading of its own."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    animation: str = ""  # a data URL
    parts: tuple["Section", ...] = ()


def data_url(kind: str, content: bytes) -> str:
    """Return a file's content as a data URL."""
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"


def table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    note: str = "",
    folded: bool = False,
) -> Table | None:
    """Return a table without its empty columns; None if it has no rows."""
    if not rows:
        return None
    kept = [place for place in range(len(head)) if any(row[place].text for row in rows)]
    return Table(
        title,
        tuple(head[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
        note,
        folded,
    )


def section(
    anchor: str,
    title: str,
    text: Sequence[str] = (),
    charts: Sequence[Chart | None] = (),
    tables: Sequence[Table | None] = (),
    animation: str = "",
) -> Section | None:
    """Return a section of the charts and tables that are not None; None if it would be empty."""
    drawn = tuple(chart for chart in charts if chart is not None)
    filled = tuple(one for one in tables if one is not None)
    if not (drawn or filled or animation):
        return None
    return Section(anchor, title, tuple(text), drawn, filled, animation)


def frame(
    title: str, found: pd.DataFrame, columns: Mapping[str, str], folded: bool = False
) -> Table | None:
    """Return a table of some columns of a data frame, under other names."""
    rows = [
        [_cell(value, column) for column, value in zip(columns, row, strict=True)]
        for row in found.reindex(columns=[*columns]).itertuples(index=False)
    ]
    return table(title, [*columns.values()], rows, folded=folded)


def _cell(value: object, column: str) -> Cell:
    if isinstance(value, int):
        return Cell(count(value), "number")
    if isinstance(value, float):
        return Cell("" if isnan(value) else number(value), "number")  # NaN: an empty cell
    return Cell(str(value), "code" if column == "name" else "text")


def measured(value: float | str | None, sd: float | None = None) -> Cell:
    """Return a cell for our value: a number with its deviation, or a text that a model wrote."""
    if isinstance(value, str):
        return Cell(one_line(value), "code")
    return Cell(number(value, sd), "number")


def printed(value: float | str | None) -> Cell:
    """Return a cell for a published value, with the digits that the lecture gives."""
    return Cell(published(value), "number") if isinstance(value, float) else measured(value)


def name(experiment: str, variant: str | None = None) -> Cell:
    """Return a cell with the name of an experiment, a variant or a file."""
    return Cell(f"{experiment}/{variant}" if variant else experiment, "code")
