"""Charts of scores on held-out records, and of distances from published numbers."""

from collections.abc import Mapping, Sequence
from textwrap import shorten

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Published
from recurrent.report.charts import BASELINE, BAYES, INK, NETWORK, draw
from recurrent.report.inputs import Records
from recurrent.report.numbers import number, percent
from recurrent.report.views import Chart

VERDICT_COLOURS = {"reproduced": "#2f7a35", "within seed noise": "#2749b0", "differs": "#b3261e"}


def held_out(lecture: Lecture, groups: Sequence[Records]) -> Chart | None:
    """Return a chart of all models on held-out records, with a panel for each set of records."""
    if not groups:
        return None
    heights = [len(group.scores) + 1.6 for group in groups]

    def paint(figure: Figure) -> None:
        axes = figure.subplots(len(groups), squeeze=False, height_ratios=heights)[:, 0]
        for axis, group in zip(axes, groups, strict=True):
            _panel(axis, group)
        axes[-1].set_xlabel(f"{lecture.headline} ({lecture.better} is better)")

    best = [
        f"{group.networks[0].experiment}/{group.networks[0].variant} is the best network on "
        f"{group.name}, at {number(group.networks[0].ours, group.networks[0].sd)}"
        for group in groups
        if group.networks
    ]
    caption = f"{'; '.join(best)}. Dots: networks, ± the standard deviation of their seeds."
    if any(group.baselines for group in groups):
        caption += " Grey squares: models without a network."
    if any(group.bayes is not None for group in groups):
        caption += " Dashed line: the best possible."
    title = f"{lecture.headline.capitalize()} on held-out records"
    return draw(title, caption.lstrip(". "), paint, height=0.5 + 0.24 * sum(heights))


def _panel(axis: Axes, group: Records) -> None:
    """Draw one set of records, with the best model on top."""
    scores = [*reversed(group.scores)]
    for place, score in enumerate(scores):
        network = score.method == "descent"
        colour, sd = (NETWORK if network else BASELINE), score.sd or 0.0
        axis.plot([score.ours - sd, score.ours + sd], [place, place], "-", color=colour)
        axis.plot([score.ours], [place], "o" if network else "s", color=colour, markersize=5)
    if group.bayes is not None:
        axis.axvline(group.bayes, color=BAYES, linewidth=1.4, linestyle="--")
    axis.set_yticks(range(len(scores)), [f"{score.experiment}/{score.variant}" for score in scores])
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(-0.6, len(scores) - 0.4)
    axis.locator_params(axis="x", nbins=5)
    axis.set_title(group.name, fontsize=8)


def nearness(groups: Mapping[str, Records]) -> Chart | None:
    """Return a chart of how much of the gap from the best baseline to bayes networks close."""
    shares = {
        label: [share for score in group.networks if (share := group.reached(score)) is not None]
        for label, group in groups.items()
    }
    shown = {label: values for label, values in shares.items() if values}
    if not shown:
        return None

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for place, values in enumerate(reversed(shown.values())):
            axis.plot(
                [max(value, -1) for value in values], [place] * len(values), "o", color=NETWORK
            )
            axis.text(
                max(max(values), -1), place + 0.28, percent(max(values)), ha="center", fontsize=8
            )
        axis.axvline(0, color=BASELINE)
        axis.axvline(1, color=BAYES, linestyle="--")
        axis.set_yticks(range(len(shown)), [label.replace(", ", "\n") for label in reversed(shown)])
        axis.set_xticks([-1, 0, 1], ["−100 %", "best without\na network", "best\npossible"])
        axis.set_xlim(-1.1, 1.15)
        axis.set_ylim(-0.6, len(shown) - 0.3)

    caption = (
        "Each dot is a network on held-out records. At 0 it is as good as the best model without a "
        "network, at 100 % as good as possible. Dots below −100 % are on the left edge."
    )
    title = "How close networks come to the best possible"
    return draw(title, caption, paint, height=0.8 + 0.42 * len(shown))


def distances(rows: Sequence[Published], lectures: Mapping[str, Lecture]) -> Chart | None:
    """Return a chart of how far our numbers are from the published ones, by row."""
    known: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        if row.verdict and isinstance(row.published, float) and isinstance(row.ours, float):
            away = 100 * (row.ours / row.published - 1) if row.published else 0.0
            label = f"{row.row} · {lectures[row.lecture].rows.get(row.row, row.row)}"
            known.setdefault(shorten(label, 34, placeholder="…"), []).append((away, row.verdict))
    if not known:
        return None

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.axvline(0, color=INK, linewidth=0.8)
        for place, points in enumerate(reversed(known.values())):
            for away, verdict in points:
                marker = {"within seed noise": "P", "differs": "X"}.get(verdict, "o")
                axis.plot([away], [place], marker, color=VERDICT_COLOURS[verdict], markersize=6)
        axis.set_xscale("symlog", linthresh=5)
        axis.set_xticks([-50, -5, 0, 5, 50], ["−50 %", "−5 %", "0", "+5 %", "+50 %"])
        axis.set_xlabel("ours compared with published")
        axis.set_xlim(-100, 400)
        axis.set_yticks(range(len(known)), [*reversed(known)])
        axis.set_ylim(-0.6, len(known) - 0.4)

    caption = (
        "Each mark is a published number, by its row. Green dots are reproduced: ours is within "
        "the tolerance. Blue plus signs are within seed noise; red crosses differ."
    )
    title = "How far ours is from the published number"
    return draw(title, caption, paint, height=0.8 + 0.24 * len(known))
