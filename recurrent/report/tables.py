"""Lines of the replication table as tables of the page."""

from collections.abc import Sequence

from recurrent.evaluation.lectures import Comparison, Lecture
from recurrent.evaluation.line import Line, Value
from recurrent.report import verdicts
from recurrent.report.lines import LECTURE, OWN, number, plain
from recurrent.report.views import Cell, Table, filled

HEAD = ("row", "experiment", "metric", "printed", "ours", "seeds", "best possible", "verdict")


def capital(text: str) -> str:
    """As a heading begins."""
    return text[:1].upper() + text[1:]


def printed(lines: Sequence[Line]) -> Table:
    """The figures that a lecture prints beside ours."""
    rows = tuple(cells(line) for line in lines)
    return filled(Table("What the lecture prints, beside ours", HEAD, rows))


def cells(line: Line) -> tuple[Cell, ...]:
    """A line as a row under HEAD."""
    return (
        Cell(line.row),
        Cell(line.experiment),
        Cell(line.metric),
        _value(line.printed),
        ours(line),
        _seeds(line),
        Cell(number(line.floor), "number"),
        verdict(line),
    )


def own(title: str, lines: Sequence[Line]) -> Table:
    """Figures that no lecture prints."""
    return printed(lines)._replace(caption=capital(title))


def crossed(lines: Sequence[Line], comparison: Comparison) -> Table:
    """Experiments that differ in two ways: one down, the other across."""
    by_name = {line.experiment: line for line in lines}
    rows = []
    for label, names in comparison.rows.items():
        found = [by_name.get(str(name)) for name in names]
        across = [Cell("–", "number") if line is None else _once(line) for line in found]
        rows.append((Cell(label), *across))
    return Table(
        capital(comparison.title),
        (lines[0].metric, *comparison.columns),
        tuple(rows),
        note="±: standard deviation of the seeds. Once: a single seed.",
    )


def _once(line: Line) -> Cell:
    cell = ours(line)
    return cell if line.spread is not None else Cell(f"{cell.text} (once)", "number")


def ours(line: Line) -> Cell:
    """Our figure and its spread, or the text that our model wrote."""
    if isinstance(line.ours, str) or line.ours is None:
        return _value(line.ours)
    spread = "" if line.spread is None else f" ± {number(line.spread, like=line.ours)}"
    return Cell(number(line.ours) + spread, "number")


def verdict(line: Line) -> Cell:
    """A badge, and what there is to say beside it."""
    found = verdicts.read(line.verdict)
    return Cell("") if found is None else Cell(found.detail.replace("-", "−"), badge=found)


def _value(value: Value) -> Cell:
    return Cell(plain(value), "code") if isinstance(value, str) else Cell(number(value), "number")


def _seeds(line: Line) -> Cell:
    return Cell("" if line.seeds is None else str(line.seeds), "number")


def own_protocols(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Lines by protocol, but for what the lecture prints."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        if line.protocol != LECTURE:
            groups.setdefault(line.protocol, []).append(line)
    return groups


def headlines(lines: Sequence[Line], lecture: Lecture) -> dict[str, list[Line]]:
    """The headline figure of each experiment on each set of held-out records, best first."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        if line.protocol.startswith(OWN) and line.metric == lecture.headline:
            groups.setdefault(line.protocol, []).append(line)
    sign = -1 if lecture.better == "higher" else 1
    return {
        protocol: sorted(group, key=lambda line: (sign * known(line), line.experiment))
        for protocol, group in groups.items()
    }


def known(line: Line) -> float:
    """Our figure, where it is a number."""
    return line.ours if isinstance(line.ours, float) else float("nan")
