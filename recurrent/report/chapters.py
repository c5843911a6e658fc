"""A lecture as a part of the page: what it prints beside ours, curves, samples, caveats."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.line import Line
from recurrent.report import curves, samples, standings, tables
from recurrent.report.lines import BUNDLED, LECTURE, NO_CORPUS, read_json
from recurrent.report.printed import paired
from recurrent.report.views import Cell, Fold, Section, Table

LONG = 12  # lines of a table that stay in sight


def chapter(key: str, lecture: Lecture, lines: Sequence[Line], metrics: Path) -> Section:
    """Everything of one lecture, under its title."""
    printed = [line for line in lines if line.protocol == LECTURE]
    names = list(dict.fromkeys(line.experiment for line in lines if line.protocol != LECTURE))
    parts = [
        _printed(key, lecture, printed),
        _standings(key, lecture, lines),
        _comparisons(key, lecture, lines),
        _curves(key, lecture, names, metrics),
        _samples(key, names, lines, metrics),
        _protocols(key, lecture, lines),
        _caveats(key, lecture),
    ]
    return Section(
        anchor=key,
        title=lecture.title,
        text=_where(lines),
        rows=tuple(lecture.rows),
        parts=tuple(part for part in parts if part is not None),
    )


def _where(lines: Sequence[Line]) -> tuple[str, ...]:
    """On which corpus all this was measured."""
    names = dict.fromkeys(line.source for line in lines if line.source != NO_CORPUS)
    return (f"Measured on {' and '.join(map(corpus, names))}.",) if names else ()


def corpus(source: str) -> str:
    """A corpus's name in the table, in words."""
    if source == BUNDLED:
        return "the bundled synthetic corpus"
    return "the lecture's own corpus" if source == "upstream" else f"the file {source}"


def _printed(key: str, lecture: Lecture, lines: Sequence[Line]) -> Section | None:
    if not lines:
        return None
    table, title = tables.printed(lines), "Printed, and ours"
    anchor = f"{key}-printed"
    if len(lines) <= LONG:
        return Section(anchor, title, tables=(table,))
    void = [line for figure, line in paired({key: lecture}, lines) if figure.void]
    by_row = {line.row: line for line in lines}
    by_row |= {line.row: line for line in lines if line not in void}
    short = tables.printed([*by_row.values()])._replace(
        caption="The last figure of each row that can be compared"
    )
    fold = Fold(f"All {len(lines)} printed figures", (table,))
    return Section(anchor, title, tables=(short,), folds=(fold,))


def _standings(key: str, lecture: Lecture, lines: Sequence[Line]) -> Section | None:
    groups = tables.headlines(lines, lecture)
    charts = [
        standings.panel(
            f"{key}-standing-{number}",
            tables.capital(protocol),
            lecture.headline,
            lecture.better,
            group,
        )
        for number, (protocol, group) in enumerate(groups.items())
    ]
    if not charts:
        return None
    return Section(f"{key}-held-out", "On records never seen", charts=tuple(charts))


def _comparisons(key: str, lecture: Lecture, lines: Sequence[Line]) -> Section | None:
    found = []
    for comparison in lecture.comparisons:
        group = [line for line in lines if line.protocol == comparison.title]
        if group:
            found.append(tables.crossed(group, comparison))
    return Section(f"{key}-compared", "Compared", tables=tuple(found)) if found else None


def _curves(key: str, lecture: Lecture, names: Iterable[str], metrics: Path) -> Section | None:
    perplexity = any("perplexity" in figure.metric for figure in lecture.figures)
    trained = {}
    for name in names:
        curve = curves.read(metrics / "history" / f"{name}.csv", curves.KINDS["training"], False)
        if curve:
            evaluation = read_json(metrics / "evaluation" / f"{name}.json") or {}
            dataset = str(evaluation.get("dataset", "beyond the lecture"))
            trained[name] = curves.Training(dataset, max(curve))
    charts = []
    for number, group in enumerate(curves.groups(lecture, trained)):
        charts += curves.charts(f"{key}-curves-{number}", group, metrics / "history", perplexity)
    if not charts:
        return None
    text = "Lines: mean over the seeds. Bands: from the lowest of several seeds to the highest."
    return Section(f"{key}-curves", "Training curves", text=(text,), charts=tuple(charts))


def _samples(
    key: str, names: Sequence[str], lines: Sequence[Line], metrics: Path
) -> Section | None:
    """Of corpora that are ours to show only: a page is given away, and a sample may be a copy."""
    sources = {line.experiment: line.source for line in lines}
    found: dict[str, Any] = {}
    for name in names:
        sample = read_json(metrics / "samples" / f"{name}.json")
        if sample is not None and sources[name] == BUNDLED:
            found[name] = sample
    title, anchor = "What the models write and answer", f"{key}-samples"
    if any(sources[name] != BUNDLED for name in names):
        return Section(anchor, title, text=(samples.WITHHELD,), folds=samples.folds(found))
    return Section(anchor, title, folds=samples.folds(found)) if found else None


def _protocols(key: str, lecture: Lecture, lines: Sequence[Line]) -> Section | None:
    compared = {comparison.title for comparison in lecture.comparisons}
    folds = tuple(
        Fold(f"{tables.capital(protocol)} ({len(group)} lines)", (tables.own(protocol, group),))
        for protocol, group in tables.own_protocols(lines).items()
        if protocol not in compared
    )
    return Section(f"{key}-all", "Every figure of ours", folds=folds) if folds else None


def _caveats(key: str, lecture: Lecture) -> Section | None:
    rows = tuple((Cell(row), Cell(caveat, "prose")) for row, caveat in lecture.caveats.items())
    table = Table("What to bear in mind", ("row", "caveat"), rows)
    return Section(f"{key}-caveats", "Caveats", tables=(table,)) if rows else None
