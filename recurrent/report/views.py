"""The parts of a page, as values. Templates and the terminal render them."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Literal, NamedTuple
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from recurrent.report.numbers import count, number, one_line, published

PLAIN = ' !"$()*+,-./:;<=>?@[]^_`{|}~'  # needs no escape in a data URL in single quotes
# A picture does not need comments, ids that nothing refers to, or rotations by 0 degrees.
NOISE = re.compile(
    r"<!--.*?-->|<metadata>.*?</metadata>|<[?!].*?>"
    r'| id="[A-Za-z0-9.]+_\d+"| transform="rotate\(-0 [^"]*"',
    re.DOTALL,
)
SPACE = re.compile(r"\s+")
MARKS = {
    **dict.fromkeys(("holds", "reproduced", "better", "right"), "✓"),
    **dict.fromkeys(("fails", "differs", "worse", "wrong"), "✗"),
    "within seed noise": "≈",
    "level": "=",
    "undecided": "?",
}


class Cell(NamedTuple):
    """One cell of a table."""

    text: str = ""
    kind: Literal["text", "number", "code", "prose", "verdict", "model"] = "text"
    code: str = ""  # of a model: experiment/variant, as commands name it


class Result(NamedTuple):
    """One line of a list of results; `detail` is shown in the chapter only."""

    verdict: str
    text: str
    value: str
    detail: str = ""


class Group(NamedTuple):
    """Results under a title; a group that links to a chapter (`anchor`) shows no details."""

    title: str
    results: tuple[Result, ...]
    anchor: str = ""

    @property
    def table(self) -> "Table":
        """The same as a table, for Markdown and the terminal."""
        details = [Cell() if self.anchor else Cell(one.detail) for one in self.results]
        rows = [
            (Cell(one.verdict, "verdict"), Cell(one.text), Cell(one.value), detail)
            for one, detail in zip(self.results, details, strict=True)
        ]
        head = ("verdict", "result", "measured", "detail")
        return table(self.title, head, rows) or Table(self.title, (), ())


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
    def source(self) -> Markup:
        """The picture as a data URL for single quotes: its ids cannot clash with another one's."""
        short = SPACE.sub(" ", NOISE.sub("", self.svg)).replace("> <", "><")
        return Markup(f"data:image/svg+xml,{quote(short, safe=PLAIN)}")


class Section(NamedTuple):
    """A part of the page under a heading of its own."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    results: tuple[Group, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    animation: str = ""  # a data URL
    parts: tuple["Section", ...] = ()
    folded: bool = False
    short: str = ""  # the title in the bar of links


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
    results: Sequence[Group | None] = (),
    folded: bool = False,
) -> Section | None:
    """Return a section of what is not None; None if it would be empty."""
    listed = tuple(group for group in results if group is not None)
    drawn = tuple(chart for chart in charts if chart is not None)
    filled = tuple(one for one in tables if one is not None)
    if not (listed or drawn or filled or animation):
        return None
    return Section(anchor, title, tuple(text), listed, drawn, filled, animation, folded=folded)


def frame(
    title: str, found: pd.DataFrame, columns: Mapping[str, str], folded: bool = False
) -> Table | None:
    """Return a table of some columns of a data frame, under other names."""
    rows = [
        [_cell(value) for value in row]
        for row in found.reindex(columns=[*columns]).itertuples(index=False)
    ]
    return table(title, [*columns.values()], rows, folded=folded)


def _cell(value: object) -> Cell:
    if isinstance(value, int):
        return Cell(count(value), "number")
    if isinstance(value, float):
        return Cell("" if isnan(value) else number(value), "number")  # NaN: an empty cell
    return Cell(str(value))


def measured(value: float | str | None, sd: float | None = None) -> Cell:
    """Return a cell for our value: a number with its deviation, or a text that a model wrote."""
    if isinstance(value, str):
        return Cell(one_line(value), "code")
    return Cell(number(value, sd), "number")


def printed(value: float | str | None) -> Cell:
    """Return a cell for a published value, with the digits that the lecture gives."""
    return Cell(published(value), "number") if isinstance(value, float) else measured(value)
