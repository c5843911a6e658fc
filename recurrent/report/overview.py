"""The first screen: what was replicated, on what, how much of it came out, and what did not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.line import Line
from recurrent.report import printed, standings, tables, verdicts
from recurrent.report.lines import BUNDLED, NO_CORPUS, number, read_json
from recurrent.report.printed import COMPARED
from recurrent.report.standings import Gap
from recurrent.report.tables import known
from recurrent.report.views import Cell, Chart, Table, filled, numbers

MEANINGS = {
    "reproduced": "within the stated tolerance, or two standard deviations of the seeds",
    "better": "further than that, on the better side",
    "not reproduced": "further than that, on the worse side",
    "no verdict": "a comparison would mean nothing: the table says why",
    "not comparable": "measured on another corpus than the printed figure",
    "not run": "its experiment or its epoch was not run",
}
ORIGINS = {BUNDLED: "synthetic, bundled", "upstream": "the lecture's own"}


class Tile(NamedTuple):
    """One figure of the first screen."""

    figure: str
    label: str
    meaning: str
    kind: str


class Overview(NamedTuple):
    """What the first screen says."""

    sentence: str
    tiles: tuple[Tile, ...]
    charts: tuple[Chart, ...]
    corpora: Table | None
    missed: Table | None
    best: Table | None


def overview(lectures: Mapping[str, Lecture], lines: Sequence[Line], metrics: Path) -> Overview:
    """Counted from the table; nothing here is stated that a file does not say."""
    counted = verdicts.count(lines)
    found = gaps(lectures, lines)
    pictures = (standings.distances(printed.distances(lectures, lines)), standings.gaps(found))
    return Overview(
        sentence=sentence(counted, lines),
        tiles=(*_tiles(counted), *_near(found)),
        charts=tuple(chart for chart in pictures if chart is not None),
        corpora=_corpora(metrics),
        missed=printed.missed(lectures, lines),
        best=_best(found),
    )


def _tiles(counted: Mapping[str, int]) -> list[Tile]:
    """How many printed figures have which verdict; none of the three that matter is hidden."""
    any_compared = any(counted[label] for label in COMPARED)
    return [
        Tile(f"{found:,}", label, MEANINGS[label], verdicts.PRINTED[label][0])
        for label, found in counted.items()
        if found or (label in COMPARED and any_compared)
    ]


def _near(found: Sequence[Gap]) -> list[Tile]:
    """How near the best network of each lecture comes, where the best possible is known."""
    best: dict[str, Tile] = {}
    for gap in found:
        share = None if gap.best is None else gap.share(gap.best)
        if gap.best is not None and share is not None:
            lecture, _, records = gap.name.partition(", ")
            meaning = f"of the way to the best possible: {gap.best.experiment}, {records}"
            best.setdefault(lecture, Tile(f"{share:.0%}", lecture, meaning, "better"))
    return [*best.values()]


def sentence(counted: Mapping[str, int], lines: Sequence[Line]) -> str:
    """What came of the comparison, in words."""
    total, compared = sum(counted.values()), sum(counted[label] for label in COMPARED)
    reached = counted["reproduced"] + counted["better"]
    said = (
        f"Of {total} printed figures, {compared} can be compared with ours: {reached} are "
        f"reproduced or bettered, {counted['not reproduced']} are not."
    )
    sources = {line.source for line in lines} - {NO_CORPUS}
    if sources != {BUNDLED}:
        return said
    apart = (
        f"This run is on the bundled synthetic corpora, and {counted['not comparable']} figures "
        "that the lectures print are of their own corpora: none of these can be compared. What "
        "can be said instead is how near the models come to the best possible, which is known "
        "exactly for corpora whose source is known."
    )
    if not compared:
        return apart
    return f"{apart} Figures that need no corpus: {reached} of {compared} reproduced or bettered."


def gaps(lectures: Mapping[str, Lecture], lines: Sequence[Line]) -> list[Gap]:
    """Every set of held-out records on which networks were measured."""
    found = []
    for key, lecture in lectures.items():
        own = [line for line in lines if line.row in lecture.rows]
        for protocol, group in tables.headlines(own, lecture).items():
            name = f"{key}, {protocol.removeprefix('held-out, ')}"
            found.append(standings.gap(name, group))
    return [each for each in found if each.networks]


def _best(found: Sequence[Gap]) -> Table | None:
    rows = []
    for gap in found:
        if gap.best is None:
            continue
        share = gap.share(gap.best)
        baseline = gap.baseline
        rows.append(
            (
                Cell(gap.name),
                Cell(gap.best.experiment),
                tables.ours(gap.best),
                Cell("" if baseline is None else number(known(baseline)), "number"),
                *numbers(number(gap.best.floor), "" if share is None else f"{share:.0%}"),
            )
        )
    head = ("records", "best network", "its figure", "best without", "best possible", "of the way")
    table = Table("The best network on each set of held-out records", head, tuple(rows))
    return filled(table) if rows else None


def _corpora(metrics: Path) -> Table | None:
    rows = []
    for path in sorted((metrics / "clean").glob("*.json")):
        report = read_json(path)
        origin = report.get("origin", {})
        kept = report.get("kept", {"characters": report.get("characters", 0)})
        unit, size = next(iter(kept.items()))
        source = str(origin.get("source", ""))
        whose = ORIGINS.get(source) or str(origin.get("name", source))
        cells = (Cell(path.stem), Cell(whose))
        rows.append((*cells, Cell(f"{size:,} {unit}", "number")))
    head = ("corpus", "whose", "size")
    return Table("The corpora of this run", head, tuple(rows)) if rows else None
