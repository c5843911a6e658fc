"""A8, A9: gradient descent on a straight line, by autograd and by hand."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from recurrent.common import paths
from recurrent.evaluation.rows import Published
from recurrent.report.charts import INK, NETWORK, PUBLISHED, draw, legend_below, logarithmic
from recurrent.report.inputs import read_csv
from recurrent.report.numbers import short
from recurrent.report.views import Chart, Section, data_url, section

STEP = "loss at step "  # how lectures.yaml names a loss of A8


def by_hand() -> Section | None:
    """Return the line that was fitted with gradients by hand, and its animation."""
    film = paths.study("line") / "by_hand.gif"
    return section(
        "line",
        "Gradient descent 梯度下降 on a line, by hand",
        ["We fit a straight line to points, with gradients written by hand."],
        [_by_hand()],
        animation=data_url("image/gif", film.read_bytes()) if film.is_file() else "",
        folded=True,
    )


def losses(rows: Sequence[Published]) -> Chart | None:
    """Return a chart of our losses on a line and the published ones (A8)."""
    table = read_csv(paths.study("line") / "losses.csv")
    if table.empty:
        return None
    published = {
        float(row.metric.removeprefix(STEP)): row.published
        for row in rows
        if row.metric.startswith(STEP)
    }

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        steps = table["step"]
        axis.fill_between(steps, table["low"], table["high"], color=NETWORK, alpha=0.2)
        axis.plot(steps, table["median"], "-", color=NETWORK, label="median and 95 % of draws")
        axis.plot(steps, table["loss"], "--", color=NETWORK, label="one draw")
        axis.plot([*published], [*published.values()], "x", color=PUBLISHED, label="published")
        logarithmic(axis.yaxis, [*table["low"], *table["high"]])
        axis.set_xlabel("step")
        axis.set_ylabel("squared error, lower is better")
        legend_below(figure)

    ends = [short(float(table["median"].iloc[place])) for place in (0, -1)]
    caption = f"The median error over draws falls from {ends[0]} to {ends[1]}; noise leaves 0.09."
    return draw("Gradient descent on a line: error by step", caption, paint)


def _by_hand() -> Chart | None:
    frames = read_csv(paths.study("line") / "by_hand.csv")
    points = read_csv(paths.study("line") / "points.csv")
    if frames.empty or points.empty:
        return None
    last = frames.iloc[-1]

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.plot(points["x"], points["y"], "o", color=INK, markersize=3, alpha=0.6, label="points")
        ends = points["x"].agg(["min", "max"])
        for place, (slope, intercept) in enumerate(zip(frames["a"], frames["b"], strict=True)):
            alpha = 0.1 + 0.4 * place / len(frames)
            axis.plot(ends, slope * ends + intercept, "-", color=INK, alpha=alpha, linewidth=1)
        axis.plot(ends, last["a"] * ends + last["b"], "-", color=NETWORK, label="last frame")
        axis.set_xlabel("x")
        axis.set_ylabel("y")
        legend_below(figure)

    caption = f"The last frame's line is y = {last['a']:.2f} x + {last['b']:.2f}."
    return draw("The fitted line, frame by frame", caption, paint)
