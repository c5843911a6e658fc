"""Each printed figure beside ours: how far away, how far is allowed, and why it is missed."""

from collections.abc import Mapping, Sequence

from recurrent.evaluation.lectures import Figure, Lecture
from recurrent.evaluation.line import Line
from recurrent.report import tables, verdicts
from recurrent.report.lines import LECTURE, number
from recurrent.report.views import Cell, Table

COMPARED = ("reproduced", "better", "not reproduced")


def distances(
    lectures: Mapping[str, Lecture], lines: Sequence[Line]
) -> dict[str, list[tuple[float, str]]]:
    """By row: how far ours is from a printed figure, in units of what is allowed; worse is > 0."""
    found: dict[str, list[tuple[float, str]]] = {}
    for figure, line in paired(lectures, lines):
        verdict = verdicts.read(line.verdict)
        if verdict is None or verdict.label not in COMPARED:
            continue
        allowed = max(figure.tolerance, 2 * (line.spread or 0.0))
        if isinstance(line.printed, float) and isinstance(line.ours, float):
            away = line.ours - line.printed
            worse = -1 if figure.better == "higher" else 1
            if allowed or not away:
                share = worse * away / allowed if allowed else 0.0
                found.setdefault(line.row, []).append((share, verdict.label))
    return found


def paired(lectures: Mapping[str, Lecture], lines: Sequence[Line]) -> list[tuple[Figure, Line]]:
    """Each line of a printed figure with what lectures.yaml says of it."""
    found: list[tuple[Figure, Line]] = []
    waiting = [line for line in lines if line.protocol == LECTURE]
    for figure in (figure for lecture in lectures.values() for figure in lecture.figures):
        # Several lines may fit, as of one epoch and of the last ten: they stand in the same order.
        line = next((line for line in waiting if _fits(figure, line)), None)
        if line is not None:
            waiting.remove(line)
            found.append((figure, line))
    return found


def _fits(figure: Figure, line: Line) -> bool:
    return (
        (figure.row, figure.experiment or figure.report) == (line.row, line.experiment)
        and line.metric.startswith(figure.metric)
        and figure.printed == line.printed
    )


def missed(lectures: Mapping[str, Lecture], lines: Sequence[Line]) -> Table | None:
    """Each figure that is not reproduced: by how much, and what the lecture's caveats say of it."""
    caveats = {row: text for each in lectures.values() for row, text in each.caveats.items()}
    rows = []
    for figure, line in paired(lectures, lines):
        if not line.verdict.startswith("not reproduced"):
            continue
        why = "Our model wrote another text; another seed writes another text, too."
        if isinstance(line.ours, float) and isinstance(line.printed, float):
            spread = 2 * (line.spread or 0.0)
            twice = f"two standard deviations of the seeds {number(spread)}"
            if line.spread is None:
                twice = "one seed, which has no spread"
            why = (
                f"{number(abs(line.ours - line.printed))} away; allowed were "
                f"{number(max(figure.tolerance, spread))} (tolerance {figure.tolerance:g}, "
                f"{twice})."
            )
        if line.row in caveats:
            why += f" {caveats[line.row]}"
        cells = (Cell(line.row), Cell(f"{line.experiment}: {line.metric}"))
        row = tables.cells(line)
        rows.append((*cells, row[3], row[4], Cell(why, "prose")))
    head = ("row", "figure", "printed", "ours", "why")
    return Table("Not reproduced, and why", head, tuple(rows)) if rows else None
