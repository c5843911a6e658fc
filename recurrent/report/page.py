"""metrics/replication.csv as a page: each lecture, its printed figures beside ours, its caveats."""

from collections.abc import Hashable, Iterable, Mapping

import pandas as pd

from recurrent.evaluation.lectures import Comparison, Lecture
from recurrent.report.lines import HUGE

COLUMNS = {
    "row": "row",
    "experiment": "experiment",
    "source": "corpus",
    "metric": "metric",
    "printed": "printed",
    "ours": "ours",
    "seeds": "seeds",
    "floor": "best possible",
    "verdict": "verdict",
}
HEAD = """\
# Printed, and ours

Written by `dvc repro` from `replication.csv`: do not edit. *Ours* is the mean over the *seeds* ±
their standard deviation; of a text it is the first seed's, of *seeds together* the answers averaged
into one. What is demonstrated without a corpus counts its random draws as seeds. *Best possible* is
what the source of a bundled corpus itself, asked by Bayes' rule, reaches on the same test records:
no model can expect to do better, though luck on a finite test set can carry one past it. A printed
figure is compared only with the corpus that it was printed for. *Beats*, *level with*, *behind*:
against the best model without a network on the same records, the difference ± its paired standard
error; within two of them it is level.
"""


def render(table: pd.DataFrame, lectures: Mapping[str, Lecture], figures: Mapping[str, str]) -> str:
    """The whole page; `figures` are pictures by lecture, as paths from the page."""
    parts = [HEAD]
    for key, lecture in lectures.items():
        lines = table[table["row"].isin(lecture.rows)]
        printed, held_out = (
            lines[lines["protocol"] == "lecture"],
            lines[lines["protocol"] != "lecture"],
        )
        parts.append(f"## {lecture.title}\n")
        if key in figures:
            parts.append(f"![{lecture.headline} of each experiment]({figures[key]})\n")
        parts.append("### What the lecture prints\n")
        parts.append(markdown(printed))
        parts += [f"{row}: {caveat}\n" for row, caveat in lecture.caveats.items()]
        compared = {comparison.title: comparison for comparison in lecture.comparisons}
        for protocol, group in held_out.groupby("protocol", sort=False):
            title = str(protocol)
            parts.append(f"### {title[:1].upper()}{title[1:]}\n")
            if title in compared:
                parts.append(crossed(group, compared[title]))
            else:
                parts.append(markdown(group.drop(columns="printed")))
    return "\n".join(parts)


def crossed(lines: pd.DataFrame, comparison: Comparison) -> str:
    """Experiments that differ in two ways: one down, the other across."""
    by_name = {str(line["experiment"]): line for line in lines.to_dict("records")}
    rows = [
        f"| {lines['metric'].iloc[0]}, {lines['source'].iloc[0]} corpus | "
        + " | ".join(comparison.columns)
        + " |",
        "|---|" + "--:|" * len(comparison.columns),
    ]
    for label, names in comparison.rows.items():
        found = [by_name.get(str(name)) for name in names]
        cells = ["" if line is None else _with_seeds(line) for line in found]
        rows.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def _with_seeds(line: Mapping[Hashable, object]) -> str:
    (cell,) = _cells(line, ["ours"])
    return cell if number(line["spread"]) else f"{cell} (once)"


def markdown(lines: pd.DataFrame) -> str:
    """A table; numbers to the right."""
    names = [name for name in COLUMNS if name in lines]
    rows = [
        "| " + " | ".join(COLUMNS[name] for name in names) + " |",
        "|" + "|".join("--:" if name in WRITTEN else "---" for name in names) + "|",
    ]
    for line in lines.to_dict("records"):
        rows.append("| " + " | ".join(_cells(line, names)) + " |")
    return "\n".join(rows) + "\n"


def _cells(line: Mapping[Hashable, object], names: Iterable[str]) -> list[str]:
    cells = []
    for name in names:
        cell = WRITTEN.get(name, str)(line[name])
        if name == "ours" and number(line["spread"]):
            cell += f" ± {number(line['spread'])}"
        cells.append(cell)
    return cells


def number(value: object) -> str:
    """Four decimals, counts as counts, nothing for nothing; a text as it stands."""
    if value is None or value != value or value == "":
        return ""
    try:
        amount = float(str(value))
    except ValueError:
        text = str(value).replace("\n", "↵").replace("|", "¦")  # a cell has one line
        return f"`{text}`"
    if abs(amount) >= HUGE:
        return f"{amount:.3g}"
    return f"{amount:,.0f}" if amount.is_integer() and abs(amount) > 1 else f"{amount:.4f}"


def count(value: object) -> str:
    """A number of things, also where pandas made a fraction of it beside empty fields."""
    return f"{float(str(value)):,.0f}" if number(value) else ""


WRITTEN = {"printed": number, "ours": number, "seeds": count, "floor": number}
