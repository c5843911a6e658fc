"""Draw charts: one style, one colour for each meaning, the same bytes each time."""

import re
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from math import exp, log, log10
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from recurrent.common.config import Variant
from recurrent.report.numbers import plain
from recurrent.report.views import Chart

STYLE = Path(__file__).with_name("report.mplstyle")
# A colour has one meaning on the whole page.
NETWORK, GRU, LSTM = "#2f8fc4", "#008f6b", "#a83e86"  # NETWORK has no gates
BASELINE, BAYES, PUBLISHED, INK = "#737b80", "#c05621", "#000000", "#1d2326"
UNCLIPPED, CLIPPED, EACH, LAST = "#8c1c13", "#4527a0", "#a67c00", "#6d4c41"
FAMILIES = {
    "network without gates": NETWORK,
    "GRU": GRU,
    "LSTM": LSTM,
    "model without a network": BASELINE,
    "best possible": BAYES,
    "published": PUBLISHED,
}
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (8, 2, 2, 2)), (0, (1, 1)))
MARKERS = "oDs^v"
PANELS = 3  # in a row of small multiples
WIDTH = 5.2  # inches of 72 points: about as wide as a phone, so that labels stay legible there
LINES = 10  # on one chart
POINTS = 120  # of a line
PERPLEXITIES = (1.001, 1.01, 1.1, 1.5, 3, 10, 100, 1000)
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
PLACES = re.compile(r' (?:d|x|y)="[^"]*"')
DECIMALS = re.compile(r"(\d\.\d)\d+")


def draw(title: str, caption: str, paint: Callable[[Figure], None], height: float = 3.0) -> Chart:
    """Return a chart of what `paint` draws on its figure."""
    with matplotlib.rc_context(fname=STYLE):
        figure = Figure(figsize=(WIDTH, height))
        paint(figure)
        out = StringIO()
        figure.savefig(out, format="svg", metadata=NO_METADATA)
    # A tenth of a point is enough for paths and texts.
    return Chart(title, caption, PLACES.sub(_round, out.getvalue()))


def _round(path: re.Match[str]) -> str:
    return DECIMALS.sub(r"\1", path[0])


def parts(names: Sequence[str]) -> list[list[str]]:
    """Divide names evenly among charts of at most ten lines."""
    charts = -(-len(names) // LINES)
    size = -(-len(names) // max(charts, 1))
    return [[*names[start : start + size]] for start in range(0, len(names), max(size, 1))]


def colour(variant: Variant | None) -> str:
    """Return the colour of a model's family."""
    if variant is None:
        return NETWORK
    if variant.training.method == "fit":
        return BASELINE
    cell = str(variant.model.settings.get("cell", variant.model.name)).lower()
    return {"gru": GRU, "lstm": LSTM}.get(cell, NETWORK)


def looks(variants: Iterable[Variant | None]) -> list[dict[str, Any]]:
    """Return a colour and a line style for each line; those of one family differ in style."""
    found: list[dict[str, Any]] = []
    for variant in variants:
        own = colour(variant)
        before = sum(look["color"] == own for look in found)
        style = {"color": own, "linestyle": DASHES[before % len(DASHES)]}
        found.append(style if before < len(DASHES) else {**style, "alpha": 0.5})
    return found


def thinned(rows: pd.DataFrame) -> pd.DataFrame:
    """Return evenly spaced rows of a long table, and its last row."""
    step = -(-len(rows) // POINTS)
    kept = sorted({*range(0, len(rows), max(step, 1)), len(rows) - 1} if len(rows) else ())
    return rows.iloc[kept]


def legend_below(figure: Figure, columns: int = 2) -> None:
    """Add one legend, for the lines of the first axes, below the chart."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=columns, fontsize=8)


def logarithmic(axis: Axis, values: Iterable[float]) -> None:
    """Set a log scale for values, with plain numbers at its ticks."""
    positive = [value for value in values if value > 0]
    _set_log(axis)
    decades = log10(max(positive) / min(positive)) if positive else 1.0
    if decades < 1:
        axis.set_major_locator(MaxNLocator(5))
    else:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2 else (1,), numticks=7))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))


def _set_log(axis: Axis) -> None:
    axes = axis.axes
    (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")


def log_if_wide(axis: Axis, values: Iterable[float]) -> None:
    """Set a log scale for positive values of very different sizes, which a linear one hides."""
    known = [*values]
    if known and min(known) > 0 and max(known) > 20 * min(known):
        logarithmic(axis, known)


def perplexities(axis: Axis, losses: Iterable[float]) -> None:
    """Label an axis of losses in nats with their perplexities.

    The fourth root of the loss keeps 1.001 apart from 1.01, and 100 from 1000.
    """
    axes = axis.axes
    axes.set_yscale("function", functions=(lambda x: abs(x) ** 0.25, lambda x: x**4))
    known = [*losses]
    low, high = (min(known), max(known)) if known else (0.1, 1.0)
    inside = [p for p in PERPLEXITIES if low / 3 <= log(p) <= high * 1.3]
    if sum(low <= log(p) <= high for p in inside) < 2:
        ticks = MaxNLocator(3).tick_values(exp(low), exp(high))
        inside = [float(p) for p in ticks if p > 1]
    axis.set_major_locator(FixedLocator([log(p) for p in inside]))
    axis.set_major_formatter(FuncFormatter(lambda value, place: plain(inside[place or 0])))
