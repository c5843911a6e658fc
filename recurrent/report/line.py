"""A8, A9: gradient descent on a straight line, by autograd and by hand."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from recurrent.common import paths
from recurrent.evaluation.rows import Published
from recurrent.report.charts import INK, PUBLISHED, draw, legend_below, logarithmic, look
from recurrent.report.inputs import Inputs, read_csv
from recurrent.report.numbers import number
from recurrent.report.views import Chart, Section, data_url, section

STEP = "loss at step "  # how lectures.yaml names a loss of A8


def line(inputs: Inputs) -> Section | None:
    """Return our losses and the published ones, the fitted line, and the animation."""
    folder = paths.study("line")
    film = folder / "by_hand.gif"
    return section(
        "line",
        "Gradient descent 梯度下降 on a line",
        ["We fit a straight line to points, by autograd (A8) and with gradients by hand (A9)."],
        [_losses(inputs.published), _by_hand()],
        animation=data_url("image/gif", film.read_bytes()) if film.is_file() else "",
    )


def _losses(rows: Sequence[Published]) -> Chart | None:
    losses = read_csv(paths.study("line") / "losses.csv")
    if losses.empty:
        return None
    published = {
        float(row.metric.removeprefix(STEP)): row.published
        for row in rows
        if row.metric.startswith(STEP)
    }

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        steps, first, second = losses["step"], look(0), look(1)
        axis.fill_between(steps, losses["low"], losses["high"], color=first["color"], alpha=0.18)
        axis.plot(steps, losses["median"], label="median and 95 % of many draws", **first)
        axis.plot(steps, losses["loss"], label="one draw", **second)
        axis.plot([*published], [*published.values()], "X", color=PUBLISHED, label="published")
        logarithmic(axis)
        axis.set_xlabel("step")
        axis.set_ylabel("mean squared error")
        legend_below(figure)

    ends = [number(float(losses["median"].iloc[place])) for place in (0, -1)]
    caption = f"The median error over draws falls from {ends[0]} to {ends[1]}."
    return draw("Loss by step", caption, paint)


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
        axis.plot(ends, last["a"] * ends + last["b"], label="last frame", **look(1))
        axis.set_xlabel("x")
        axis.set_ylabel("y")
        legend_below(figure)

    caption = f"The last frame's line is y = {last['a']:.2f} x + {last['b']:.2f}."
    return draw("The fitted line, frame by frame", caption, paint)
