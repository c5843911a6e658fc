"""Charts of scores: on held-out records, and in the grids of a lecture."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recurrent.evaluation.lectures import Lecture, Table
from recurrent.report import metrics
from recurrent.report.charts import (
    BASELINE,
    BAYES,
    INK,
    MARKERS,
    colour,
    draw,
    legend_below,
    log_if_wide,
)
from recurrent.report.inputs import Inputs, Records
from recurrent.report.numbers import number
from recurrent.report.results import HELD_OUT
from recurrent.report.tables import value
from recurrent.report.views import Chart

FEW = 3  # a chart of a grid has at least this many models


def held_out(inputs: Inputs, lecture: Lecture, groups: Sequence[Records]) -> Chart | None:
    """Return a chart of all models on held-out records, with a panel for each set of records."""
    shown = [group for group in groups if len(group.scores) > 1]
    if not shown:
        return None
    heights = [len(group.scores) + 1.6 for group in shown]

    def paint(figure: Figure) -> None:
        axes = figure.subplots(len(shown), squeeze=False, height_ratios=heights)[:, 0]
        for axis, group in zip(axes, shown, strict=True):
            _panel(axis, inputs, group)
        axes[-1].set_xlabel(metrics.labelled(lecture.headline), fontsize=9, loc="right")

    caption = "Dots: networks, ± the standard deviation of their seeds."
    if any(group.baselines for group in shown):
        caption += " Squares: models without a network."
    if any(group.bayes is not None for group in shown):
        caption += " Dashed line: the best possible."
    title = f"{metrics.called(lecture.headline).capitalize()} on held-out data"
    return draw(title, caption, paint, height=0.5 + 0.24 * sum(heights))


def _panel(axis: Axes, inputs: Inputs, group: Records) -> None:
    """Draw one set of records, with the best model on top."""
    scores = [*reversed(group.scores)]
    for place, score in enumerate(scores):
        own = colour(inputs.known.get(score.name))
        sd = score.sd or 0.0
        axis.plot([score.ours - sd, score.ours + sd], [place, place], "-", color=own)
        marker = "o" if score.method == "descent" else "s"
        axis.plot([score.ours], [place], marker, color=own, markersize=5)
    if group.bayes is not None:
        axis.axvline(group.bayes, color=BAYES, linewidth=1.4, linestyle="--")
    names = [inputs.called(score.name).removesuffix(HELD_OUT) for score in scores]
    axis.set_yticks(range(len(scores)), names)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(-0.6, len(scores) - 0.4)
    axis.locator_params(axis="x", nbins=5)
    # On the left, a long title would be cut off where the axis ends.
    axis.set_title(inputs.records(group.scores[0]), fontsize=8, loc="right")


def grid(inputs: Inputs, chosen: Table) -> Chart | None:
    """Return a chart of a grid of models: a row for each of its rows, a mark for each column."""
    shown: dict[str, list[tuple[int, str, float, float]]] = {}
    for label, names in chosen.rows.items():
        for place, name in enumerate(names):
            if name and (found := value(inputs, name, chosen)):
                shown.setdefault(label, []).append((place, name, *found))
    means = [mean for cells in shown.values() for _, _, mean, _ in cells]
    if len(means) < FEW:
        return None
    reference = value(inputs, chosen.reference, chosen) if chosen.reference else None
    scores = [inputs.score(name, chosen.metric) for name in chosen.names]
    bayes = next((one.bayes for one in scores if one and one.bayes is not None), None)
    used = sorted({place for cells in shown.values() for place, *_ in cells})

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for height, cells in enumerate(reversed(shown.values())):
            for place, name, mean, sd in cells:
                own = colour(inputs.known.get(name))
                axis.plot([mean - sd, mean + sd], [height, height], "-", color=own)
                axis.plot([mean], [height], color=own, **_mark(place))
        if reference:
            axis.axvline(reference[0], color=BASELINE, linestyle="--")
        if bayes is not None:
            axis.axvline(bayes, color=BAYES, linestyle="--")
        log_if_wide(axis.xaxis, means)
        axis.set_yticks(range(len(shown)), [*reversed(shown)])
        axis.set_ylim(-0.6, len(shown) - 0.4)
        axis.set_xlabel(metrics.labelled(chosen.metric), fontsize=9, loc="right")
        for place in used:
            axis.plot([], [], color=INK, label=chosen.columns[place], **_mark(place))
        legend_below(figure, columns=len(used))

    title = f"{chosen.title[:1].upper()}{chosen.title[1:]}"
    caption = "Each mark is the mean over seeds ± their standard deviation."
    if reference and chosen.reference:
        caption += f" Grey line: {inputs.called(chosen.reference)}, at {number(reference[0])}."
    if bayes is not None:
        caption += f" Orange line: the best possible, {number(bayes)}."
    return draw(title, caption, paint, height=1.1 + 0.3 * len(shown))


def _mark(place: int) -> dict[str, Any]:
    """Return the mark of a grid's column: the first is hollow, the others differ in shape."""
    hollow = {} if place else {"markerfacecolor": "white"}
    return {"marker": MARKERS[place], "linestyle": "", "markersize": 6, **hollow}
