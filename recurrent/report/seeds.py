"""Charts of every seed next to the published numbers."""

from collections.abc import Sequence
from math import log

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recurrent.evaluation.epochs import at_epoch
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Published
from recurrent.evaluation.verdicts import by_system, compared
from recurrent.report import metrics
from recurrent.report.charts import PANELS, PUBLISHED, colour, draw, perplexities
from recurrent.report.inputs import Inputs
from recurrent.report.views import Chart

FEW = 3  # a panel has at least this many dots


def beside_published(inputs: Inputs, lecture: Lecture, rows: Sequence[Published]) -> Chart | None:
    """Return a panel for each system, with its last metric at every published epoch.

    Seeds are dots, not mean and deviation: their distribution may be far from normal.
    """
    panels: dict[str, tuple[list[Published], pd.DataFrame]] = {}
    for (_, code), known in by_system(compared(rows)).items():
        own = [row for row in known if row.epoch and row.metric == known[-1].metric]
        seeds = pd.concat([_by_seed(inputs, row) for row in own]) if own else pd.DataFrame()
        if len(seeds) >= FEW:
            panels[code] = own, seeds
    if not panels:
        return None
    lines = -(-len(panels) // PANELS)
    metric = [*panels.values()][-1][0][-1].metric

    def paint(figure: Figure) -> None:
        axes = figure.subplots(lines, PANELS, squeeze=False).flat
        for axis, (code, (own, seeds)) in zip(axes, panels.items(), strict=False):
            _panel(axis, inputs, own, seeds)
            axis.set_title(f"{code} · {seeds['seed'].nunique()} seeds", fontsize=8)
        for axis in figure.axes[len(panels) :]:
            axis.set_axis_off()
        figure.supxlabel("epoch", fontsize=9)
        label = f"{metrics.called(metric)}, {metrics.direction(metric)}"
        figure.supylabel(label, fontsize=8)

    named = "; ".join(f"{code}: {lecture.rows.get(code, code)}" for code in panels)
    caption = f"Dots: our seeds. Crosses: published. {named}."
    title = "Every seed next to the published numbers"
    return draw(title, caption, paint, height=0.6 + 1.5 * lines)


def _panel(axis: Axes, inputs: Inputs, rows: Sequence[Published], seeds: pd.DataFrame) -> None:
    places = {row.epoch: place for place, row in enumerate(rows)}
    given, ours = pd.Series([float(row.published) for row in rows]), seeds["value"]
    if "perplexity" in rows[0].metric:
        given, ours = given.map(log), ours.map(log)
        perplexities(axis.yaxis, [*given, *ours])
    shade = colour(inputs.known.get(f"{rows[0].experiment}/{rows[0].variant}"))
    axis.plot(seeds["epoch"].map(places), ours, "o", color=shade, alpha=0.55, markersize=4)
    axis.plot([*places.values()], given, "x", color=PUBLISHED, markeredgewidth=2)
    axis.set_xticks([*places.values()], [str(epoch) for epoch in places])
    axis.set_xlim(-0.5, len(places) - 0.5)


def _by_seed(inputs: Inputs, row: Published) -> pd.DataFrame:
    """Return the metric of each seed at the epoch of a published number."""
    history, epoch = inputs.history(row.experiment), row.epoch or 0
    found = at_epoch(history, row.variant or "", row.metric, epoch)
    return pd.DataFrame({"seed": found.keys(), "epoch": epoch, "value": found.values()})
