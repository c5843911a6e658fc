"""Training curves: mean over the seeds, with a band from the lowest to the highest."""

from collections.abc import Collection, Mapping, Sequence
from math import exp
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from recurrent.evaluation.lectures import Comparison, Lecture
from recurrent.report import drawing
from recurrent.report.drawing import DASHES, SERIES
from recurrent.report.lines import amount, read_table
from recurrent.report.views import Chart, Key

MOST = len(SERIES)  # curves that one chart keeps apart
APART = 4  # times as many epochs
HIGHEST = 700  # nats of a loss: e to more, which soon is no number, is drawn as e to these
KINDS = {  # what is drawn: the columns that have it, the first that is there
    "training": ("train_loss", "train_loss_smoothed"),
    "validation": ("valid_loss",),
}
Curve = dict[int, list[float]]  # an epoch's values, one a seed


class Group(NamedTuple):
    """Experiments that share a chart, and what they have in common."""

    title: str
    names: list[str]


class Training(NamedTuple):
    """What decides on which chart an experiment is drawn."""

    dataset: str
    epochs: int


def groups(lecture: Lecture, trained: Mapping[str, Training]) -> list[Group]:
    """Experiments of printed figures, their like on held-out text, of a comparison, the rest."""
    printed = {figure.experiment for figure in lecture.figures}
    sets: dict[str, list[str]] = {}
    for name in trained:
        if name in printed:
            sets.setdefault("as the lecture trains them", []).append(name)
        elif name in lecture.counterparts:
            sets.setdefault("the same, some text held out", []).append(name)
    for comparison in lecture.comparisons:
        if comparison.epoch is not None:
            sets |= _compared(comparison, trained)
    seen = {name for names in sets.values() for name in names}
    for name, training in trained.items():
        if name not in seen:
            sets.setdefault(training.dataset, []).append(name)
    alike = (
        (title, part) for title, names in sets.items() for part in _alike(names, trained) if part
    )
    return [Group(title, part) for title, names in alike for part in parts(names)]


def _alike(names: Sequence[str], trained: Mapping[str, Training]) -> list[list[str]]:
    """Trainings of so many epochs more that the others would be a stroke beside them are apart."""
    shortest = min((trained[name].epochs for name in names), default=0)
    short = [name for name in names if trained[name].epochs <= APART * shortest]
    return [short, [name for name in names if name not in short]]


def _compared(comparison: Comparison, experiments: Collection[str]) -> dict[str, list[str]]:
    """A chart a column; one chart where a column has no two curves to compare."""
    across = zip(*comparison.rows.values(), strict=True)
    kept = [[name for name in column if name in experiments] for column in across]
    columns = [list(dict.fromkeys(names)) for names in kept]  # one may stand in two rows
    subject = comparison.title.split(":")[0]
    if any(len(column) < 2 for column in columns):
        names = list(dict.fromkeys(name for column in columns for name in column))
        return {subject: names} if len(names) > 1 else {}
    labels = (f"{subject}, {label}" for label in comparison.columns)
    return dict(zip(labels, columns, strict=True))


def parts(names: Sequence[str]) -> list[list[str]]:
    """As few charts as keep the curves apart, equally full."""
    charts = -(-len(names) // MOST)
    size = -(-len(names) // charts)
    return [[*names[start : start + size]] for start in range(0, len(names), size)]


def read(path: Path, columns: Sequence[str], perplexity: bool) -> Curve:
    """The first of the columns that the history has, by epoch; empty without two epochs."""
    records = read_table(path)
    for column in columns:
        curve: Curve = {}
        for record in records:
            value = amount(record.get(column, ""))
            if value is not None and value == value:
                curve.setdefault(int(record["epoch"]), []).append(
                    exp(min(value, HIGHEST)) if perplexity else value
                )
        if len(curve) > 1:
            return curve
    return {}


def charts(key: str, group: Group, folder: Path, perplexity: bool) -> list[Chart]:
    """A chart of the training text and one of the validation text, in the same colours."""
    found = []
    for kind, columns in KINDS.items():
        paths = {name: folder / f"{name}.csv" for name in group.names}
        curves = {name: read(path, columns, perplexity) for name, path in paths.items()}
        curves = {name: curve for name, curve in curves.items() if curve}
        if curves:
            found.append(_chart(f"{key}-{kind}", kind, group, curves, perplexity))
    return found


def _chart(
    key: str, kind: str, group: Group, curves: Mapping[str, Curve], perplexity: bool
) -> Chart:
    what = "perplexity" if perplexity else "loss"
    looks = {name: (SERIES[n], DASHES[n]) for n, name in enumerate(group.names)}
    values = [v for curve in curves.values() for seeds in curve.values() for v in seeds]
    log = drawing.spans_decades(values)

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for name, curve in curves.items():
            colour, dash = looks[name]
            epochs = sorted(curve)
            means = [sum(curve[epoch]) / len(curve[epoch]) for epoch in epochs]
            low, high = [min(curve[e]) for e in epochs], [max(curve[e]) for e in epochs]
            axis.fill_between(epochs, low, high, color=colour, alpha=0.15, linewidth=0)
            axis.plot(epochs, means, color=colour, linestyle=drawing.dashed(dash))
        if log:
            drawing.logarithmic(axis)
        axis.set_xlabel("epoch")
        axis.set_ylabel(f"{kind} {what}")
        axis.locator_params(axis="x", integer=True, nbins=7)

    first = {name: _mean(curve, min(curve)) for name, curve in curves.items()}
    last = {name: _mean(curve, max(curve)) for name, curve in curves.items()}
    best, worst = min(last, key=last.__getitem__), max(last, key=last.__getitem__)
    caption = f"{best} ends lowest, at {tidy(last[best])}, {worst} highest, at {tidy(last[worst])}."
    if best == worst:
        caption = f"{best} ends at {tidy(last[best])}."
    risen = [name for name in curves if last[name] > first[name]]
    if risen:
        caption += f" Ends above its first epoch: {', '.join(risen)}."
    legend = tuple(
        Key(name, f"--s{SERIES.index(looks[name][0]) + 1}", looks[name][1]) for name in curves
    )
    drawn = drawing.draw(key, f"{kind} {what} by epoch: {', '.join(curves)}", paint, height=3.1)
    scale = ", log scale" if log else ""
    title = f"{kind.capitalize()} {what}{scale}: {group.title}"
    return Chart(title, caption, drawn, legend)


def tidy(value: float) -> str:
    """Three figures, and no power of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _mean(curve: Curve, epoch: int) -> float:
    return sum(curve[epoch]) / len(curve[epoch])
