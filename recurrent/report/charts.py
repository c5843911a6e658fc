"""Draw charts: one style, one colour for each meaning, the same bytes each time."""

from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recurrent.report.views import Chart

STYLE = Path(__file__).with_name("report.mplstyle")
NETWORK, BASELINE, BAYES = "#176f8f", "#737b80", "#c05621"
PUBLISHED, INK = "#000000", "#1d2326"
WIDTH = 5.2  # inches of 72 points: about as wide as a phone, so that labels stay legible there
LINES = 10  # on one chart; the style has as many colours
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def draw(title: str, caption: str, paint: Callable[[Figure], None], height: float = 3.0) -> Chart:
    """Return a chart of what `paint` draws on its figure."""
    with matplotlib.rc_context(fname=STYLE):
        figure = Figure(figsize=(WIDTH, height))
        paint(figure)
        out = StringIO()
        figure.savefig(out, format="svg", metadata=NO_METADATA)
    return Chart(title, caption, out.getvalue())


def parts(names: Sequence[str]) -> list[list[str]]:
    """Divide names among as few charts as the style has colours for, evenly."""
    charts = -(-len(names) // LINES)
    size = -(-len(names) // max(charts, 1))
    return [[*names[start : start + size]] for start in range(0, len(names), max(size, 1))]


def look(place: int) -> dict[str, Any]:
    """Return the colour and line style of the line at a place; for use inside `paint`."""
    styles = [*matplotlib.rcParams["axes.prop_cycle"]]
    return dict(styles[place % len(styles)])


def legend_below(figure: Figure, columns: int = 2) -> None:
    """Add one legend, for the lines of the first axes, below the chart."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=columns, fontsize=8)


def logarithmic(axis: Axes) -> None:
    """Set a log scale without minor ticks."""
    axis.set_yscale("log")
    axis.yaxis.minorticks_off()


def log_if_wide(axis: Axes, values: Sequence[float]) -> None:
    """Set a log scale for positive values of very different sizes, which a linear one hides."""
    positive = [value for value in values if value > 0]
    if len(positive) == len(values) > 0 and max(positive) > 20 * min(positive):
        logarithmic(axis)
