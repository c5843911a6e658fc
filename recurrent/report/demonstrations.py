"""Computations that need no corpus, as pictures: a line by descent, a wall of error, powers."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from recurrent.evaluation.line import Line
from recurrent.report import drawing
from recurrent.report.drawing import INK, SERIES
from recurrent.report.lines import column, number, plain, read_json, read_table
from recurrent.report.views import Cell, Chart, Fold, Key, Section, Table

STEP = "loss, step "  # how the table names a loss of A8


def line(folder: Path, table: Sequence[Line] = ()) -> Section | None:
    """A8, A9: gradient descent on a line, by autograd and by hand."""
    losses = read_table(folder / "losses.csv")
    if not losses:
        return None
    charts = [_losses(losses, table)]
    by_hand, points = read_table(folder / "by_hand.csv"), read_table(folder / "points.csv")
    if by_hand and points:
        charts.append(_by_hand(by_hand, points))
    film = folder / "by_hand.gif"
    moving = ""
    if film.is_file():
        moving = "data:image/gif;base64," + b64encode(film.read_bytes()).decode("ascii")
    return Section(
        "line",
        "Gradient descent 梯度下降 on a line",
        text=(
            "A straight line is fitted to points by gradient descent (A8 by autograd, A9 with "
            "gradients written by hand).",
        ),
        charts=tuple(charts),
        folds=figures(folder),
        moving=moving,
        rows=("A8", "A9"),
    )


def _losses(records: Sequence[dict[str, str]], table: Sequence[Line]) -> Chart:
    """The lecture's own losses, where the table has them by step, on ours of many draws."""
    printed = {
        float(line.metric.removeprefix(STEP)): line.printed
        for line in table
        if line.metric.startswith(STEP) and isinstance(line.printed, float)
    }
    steps, loss = column(records, "step"), column(records, "loss")
    median, low, high = (column(records, name) for name in ("median", "low", "high"))

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.fill_between(steps, low, high, color=SERIES[0], alpha=0.18, linewidth=0)
        axis.plot(steps, median, color=SERIES[0])
        axis.plot(steps, loss, color=SERIES[2], linestyle=drawing.dashed("6 2"))
        axis.plot([*printed], [*printed.values()], "X", color=SERIES[1], markersize=7)
        drawing.logarithmic(axis)
        axis.set_xlabel("step")
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axis.set_ylabel("mean squared error")

    caption = (
        f"At the median over draws the error falls from {number(median[0])} to "
        f"{number(median[-1])}; to {number(median[1])} in the first {number(steps[1])} steps."
        if len(median) > 1
        else ""
    )
    legend = [Key("median and 95 % of many draws", "--s1"), Key("one draw", "--s3", "6 2")]
    if printed:
        legend.append(Key("✖ printed by the lecture", "--s2"))
    label = "Loss of the line by step"
    return Chart(
        "Loss by step, log scale", caption, drawing.draw("line-loss", label, paint), tuple(legend)
    )


def _by_hand(frames: Sequence[dict[str, str]], points: Sequence[dict[str, str]]) -> Chart:
    x, y = column(points, "x"), column(points, "y")
    a, b = column(frames, "a"), column(frames, "b")

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.plot(x, y, "o", color=SERIES[0], markersize=4, alpha=0.6, markeredgewidth=0)
        ends = np.array([min(x), max(x)])
        for frame, (slope, start) in enumerate(zip(a, b, strict=True)):
            last = frame == len(a) - 1
            colour = SERIES[1] if last else INK
            alpha = 1.0 if last else 0.12 + 0.4 * frame / len(a)
            axis.plot(
                ends, slope * ends + start, color=colour, alpha=alpha, linewidth=2 if last else 1
            )
        axis.set_xlabel("x")
        axis.set_ylabel("y")

    caption = f"From the first line to the last frame's: y = {a[-1]:.2f}·x + {b[-1]:.2f}."
    legend = (Key("points", "--s1"), Key("earlier frames", "--ink"), Key("last frame", "--s2"))
    label = "The fitted line, frame by frame"
    return Chart(label, caption, drawing.draw("line-fit", label, paint), legend)


def powers(folder: Path) -> Section | None:
    """D5: what a factor a little off 1 comes to after 365 steps."""
    records = read_table(folder / "powers.csv")
    if not records:
        return None
    factors = list(dict.fromkeys(record["factor"] for record in records))[: len(SERIES)]
    kinds = {"orthogonal_norm": "", "scalar": "", "matrix_norm": "6 2"}

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for colour, factor in zip(SERIES, factors, strict=False):
            own = [record for record in records if record["factor"] == factor]
            for kind, dash in kinds.items():
                # The orthogonal matrix does as the number does: a broad line under it.
                look: dict[str, Any] = (
                    {"linewidth": 4.5, "alpha": 0.35} if kind == "orthogonal_norm" else {}
                )
                style = "-" if look else drawing.dashed(dash)
                values = column(own, kind)
                axis.plot(column(own, "step"), values, color=colour, linestyle=style, **look)
        drawing.logarithmic(axis)
        axis.set_xlabel("step")
        axis.set_ylabel("size")

    ends = {f: [r for r in records if r["factor"] == f][-1] for f in factors}
    said = (
        f"{f}{drawing.raised(ends[f]['step'])} = {float(ends[f]['scalar']):.3g}" for f in factors
    )
    legend = tuple(Key(factor, f"--s{place}") for place, factor in enumerate(factors, 1))
    legend += (
        Key("solid: the number itself", "--ink"),
        Key("norm of a matrix of that spectral radius", "--ink", "6 2"),
        Key("pale: of an orthogonal matrix times it", "--faint"),
    )
    label = "Powers of a factor a little above and below 1"
    chart = Chart(label, "; ".join(said) + ".", drawing.draw("powers", label, paint), legend)
    return Section(
        "powers",
        f"Powers of {' and '.join(factors)}",
        text=(
            "A gradient that goes back through T steps is multiplied T times. Above 1 it "
            "explodes (梯度爆炸), below 1 it vanishes (梯度消失).",
        ),
        charts=(chart,),
        folds=figures(folder),
        rows=("D5",),
    )


def figures(folder: Path) -> tuple[Fold, ...]:
    """The report of a demonstration as a table to unfold."""
    found = read_json(folder / "report.json")
    rows = tuple((Cell(name), value) for name, value in _flat(found)) if found else ()
    table = Table("Figures", ("figure", "value"), rows)
    return (Fold("Its figures", (table,)),) if rows else ()


def _flat(value: Any, name: str = "") -> list[tuple[str, Cell]]:
    if isinstance(value, Mapping):
        return [
            found for key, inner in value.items() for found in _flat(inner, f"{name} {key}".strip())
        ]
    if isinstance(value, list) and all(isinstance(v, int | float) for v in value):
        return [(name, Cell(", ".join(_written(v) for v in value), "number"))]
    if isinstance(value, list):
        return [found for n, inner in enumerate(value, 1) for found in _flat(inner, f"{name} {n}")]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [(name, Cell(_written(value), "number"))]
    return [(name, Cell("–" if value is None else plain(str(value))))]


def _written(value: float) -> str:
    return number(float(value)) if isfinite(value) and 1e-3 <= abs(value) < 1e6 else f"{value:.4g}"
