"""A8, A9: gradient descent on a line, by autograd and by hand, and the role of chance.

The lecture draws its points and its start without a seed, so a published loss can only be compared
with the distribution of losses over many draws. The loss of a line depends on the points only
through five means, so all draws can descend at once.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from recurrent.common.config import Frozen
from recurrent.studies.base import six, write

Numbers = NDArray[np.float64]


class ByHand(Frozen):
    """The animated descent, with gradients written out in NumPy."""

    points: int = Field(default=50, ge=2)
    a: float = -1.0  # where it starts
    b: float = 1.0
    learning_rate: float = Field(default=0.01, gt=0)
    frames: int = Field(default=20, ge=1)
    updates: int = Field(default=30, ge=1)  # after each frame


class Settings(Frozen):
    """The lecture's settings, and the number of draws."""

    seed: int = Field(default=0, ge=0)
    slope: float = 3.0  # of the line around which points are drawn
    intercept: float = 8.0
    noise: float = Field(default=0.3, ge=0)  # standard deviation: 0.1 * N(0, 3)
    points: int = Field(default=10_000, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    steps: int = Field(default=10_000, ge=1)
    every: int = Field(default=1000, ge=1)  # steps from one published loss to the next
    draws: int = Field(default=1000, ge=2)  # of points and start, besides the seeded run
    by_hand: ByHand = ByHand()


def run(settings: Settings, folder: Path) -> dict[str, Any]:
    """Run both descents from a seed, and many more draws; write tables and an animation."""
    rng = np.random.default_rng(settings.seed)
    x, y = gen_fake_data(rng, settings.points, settings)
    a, b = rng.standard_normal(2)
    ours = by_autograd(x, y, a, b, settings)
    points = gen_fake_data(rng, settings.by_hand.points, settings)
    drawn = [means(*gen_fake_data(rng, settings.points, settings)) for _ in range(settings.draws)]
    others = on_means(np.stack(drawn, axis=1), rng.standard_normal((2, settings.draws)), settings)

    losses = [_over_draws(*pair) for pair in zip(others, ours, strict=True)]
    steps = range(0, settings.steps, settings.every)
    columns = {"loss": "run", "low": "low", "median": "median", "high": "high"}
    table = {column: [found[key] for found in losses] for column, key in columns.items()}
    write(folder / "losses.csv", pd.DataFrame({"step": steps, **table}))
    return {
        "origin": {"source": "no corpus", "name": "line"},
        "losses": dict(zip(map(str, steps), losses, strict=True)),
        "bayes": six(settings.noise**2),  # the variance of the noise
        "by_hand": _by_hand(rng, *points, settings, folder),
    }


def gen_fake_data(
    rng: Generator, size: int | tuple[int, ...], settings: Settings
) -> tuple[Numbers, Numbers]:
    """Draw points around the line."""
    x = rng.uniform(0, 1, size)
    return x, settings.slope * x + settings.intercept + rng.normal(0, settings.noise, size)


def mse_loss(a: Any, b: Any, x: Any, y: Any) -> Any:
    """Return the mean squared error, of arrays or tensors; one for each row of draws."""
    return ((a * x + b - y) ** 2).mean(-1)


def by_autograd(x: Numbers, y: Numbers, a: float, b: float, settings: Settings) -> list[float]:
    """Run the lecture's loop in float32, as there, and return the losses that it prints."""
    inputs, targets = (torch.tensor(values, dtype=torch.float32) for values in (x, y))
    slope, intercept = (torch.tensor([value]).float().requires_grad_() for value in (a, b))
    losses = []
    for step in range(settings.steps):
        loss = mse_loss(slope, intercept, inputs, targets)
        if step % settings.every == 0:
            losses.append(loss.item())
        loss.backward()
        for parameter in (slope, intercept):
            assert parameter.grad is not None
            parameter.data -= settings.learning_rate * parameter.grad
            parameter.grad.zero_()
    return losses


def means(x: Numbers, y: Numbers) -> Numbers:
    """Return the five means through which a line's loss depends on the points."""
    return np.array([values.mean() for values in (x, y, x * x, x * y, y * y)])


def loss_on_means(a: Numbers, b: Numbers, of: Numbers) -> Numbers:
    """Return mse_loss from the means; one column of means for each draw."""
    x, y, xx, xy, yy = of
    return np.asarray(a * a * xx + b * b + yy + 2 * (a * b * x - a * xy - b * y))


def on_means(of: Numbers, starts: Numbers, settings: Settings) -> list[Numbers]:
    """Return the losses of `by_autograd` for every draw at once, with the gradients written out."""
    x, y, xx, xy, _ = of
    a, b = starts
    losses = []
    for step in range(settings.steps):
        if step % settings.every == 0:
            losses.append(loss_on_means(a, b, of))
        by_a = 2 * (a * xx + b * x - xy)
        by_b = 2 * (a * x + b - y)
        a, b = a - settings.learning_rate * by_a, b - settings.learning_rate * by_b
    return losses


def frames_by_hand(x: Numbers, y: Numbers, settings: ByHand) -> list[tuple[float, float]]:
    """Return (a, b) at each frame, before its updates, and after the last one."""
    a, b = settings.a, settings.b
    states = [(a, b)]
    for _ in range(settings.frames):
        for _ in range(settings.updates):  # the lecture's upd()
            dydb = 2 * (a * x + b - y)
            dyda = x * dydb
            a -= settings.learning_rate * float(dyda.mean())
            b -= settings.learning_rate * float(dydb.mean())
        states.append((a, b))
    return states


def _by_hand(
    rng: Generator, x: Numbers, y: Numbers, settings: Settings, folder: Path
) -> dict[str, Any]:
    """Write the animation and its tables; return the lecture's two errors over the draws."""
    chosen = settings.by_hand
    *drawn, (a, b) = frames_by_hand(x, y, chosen)
    errors = [float(mse_loss(*state, x, y)) for state in drawn]
    slopes, intercepts = zip(*drawn, strict=True)
    write(folder / "points.csv", pd.DataFrame({"x": x, "y": y}))
    table = {"frame": range(chosen.frames), "a": slopes, "b": intercepts, "loss": errors}
    write(folder / "by_hand.csv", pd.DataFrame(table))
    _animate(x, y, drawn, folder / "by_hand.gif")
    others = gen_fake_data(rng, (settings.draws, chosen.points), settings)
    return {
        "mse_10_5": _over_draws(mse_loss(10, 5, *others), float(mse_loss(10, 5, x, y))),
        "start": _over_draws(mse_loss(chosen.a, chosen.b, *others), errors[0]),
        "end": {"a": six(a), "b": six(b), "loss": six(float(mse_loss(a, b, x, y)))},
    }


def _animate(x: Numbers, y: Numbers, states: list[tuple[float, float]], target: Path) -> None:
    """Write an animation of the line on its way to the points."""
    figure = Figure(figsize=(5, 4), dpi=80)
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    axis.scatter(x, y)
    ends = np.array([x.min(), x.max()])
    (line,) = axis.plot(ends, states[0][0] * ends + states[0][1], color="C1")

    def draw(state: tuple[float, float]) -> Iterable[Artist]:
        line.set_ydata(state[0] * ends + state[1])
        return [line]

    FuncAnimation(figure, draw, states).save(target, PillowWriter(fps=10))


def _over_draws(values: Numbers, run: float) -> dict[str, Any]:
    """Return the distribution of a number over the draws, and its value in our run."""
    low, median, high = np.percentile(values, [2.5, 50, 97.5])
    found = {"mean": values.mean(), "sd": values.std(ddof=1)}
    found |= {"median": median, "low": low, "high": high, "run": run}
    return {name: six(value) for name, value in found.items()} | {"draws": len(values)}
