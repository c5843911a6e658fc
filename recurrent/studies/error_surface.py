"""D1: the cliff in the error surface of a recurrent unit, and gradient descents that meet it.

Figure 6 of Pascanu, Mikolov and Bengio (2013): one hidden unit without input,
x_k = w * sigmoid(x_(k-1)) + b, and the error of its last state, over (w, b). Where the gradient
explodes, the surface is a cliff. A descent that touches it is thrown far away; with clipping, it
takes a short step in the same direction and stays near.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import expit

from recurrent.common.config import Frozen
from recurrent.studies.base import six, write

Numbers = NDArray[np.float64]
KINDS = ("plain", "clipped")


class Axis(Frozen):
    """One side of the grid."""

    low: float
    high: float
    points: int = Field(default=81, ge=2)


class Settings(Frozen):
    """The unit of the figure, a grid around its cliff, and a start near the cliff."""

    steps: int = Field(default=50, ge=1)  # of the unit
    state: float = 0.5  # before the first step
    target: float = Field(default=0.7, gt=0, lt=1)  # of sigmoid(last state)
    # The cliff runs from about (4.2, -2.1) to (6.5, -3.5), and there is none below w = 4.
    w: Axis = Axis(low=3.5, high=6.5)
    b: Axis = Axis(low=-3.7, high=0.3)
    # With these settings, most clipped descents from all over the grid converge, but only half of
    # the plain ones.
    learning_rate: float = Field(default=0.5, gt=0)
    threshold: float = Field(default=0.2, gt=0)  # a few times the gradient away from the cliff
    updates: int = Field(default=200, ge=1)  # of a descent
    # From here the plain descent is thrown by 2.9 and stays inside the picture. The paths do not
    # depend on the last digit of this start, as they do from many other places.
    start_w: float = 5.05
    start_b: float = -2.1
    thin: int = Field(default=4, ge=1)  # other descents start at every `thin`-th grid point
    low: float = Field(default=0.01, gt=0)  # the error below which a descent has converged


def run(settings: Settings, folder: Path) -> dict[str, Any]:
    """Compute the surface, two descents from one start, and how many others converge."""
    sides = [np.linspace(side.low, side.high, side.points) for side in (settings.w, settings.b)]
    grid = np.array(np.meshgrid(*sides, indexing="ij"))
    surface, gradient = error(grid, settings)
    norms = np.hypot(*gradient)
    w, b = grid.reshape(2, -1)
    write(folder / "surface.csv", pd.DataFrame({"w": w, "b": b, "error": surface.ravel()}))
    steepest = norms.argmax()

    start = np.array([settings.start_w, settings.start_b])
    paths = {kind: table(kind, descend(start, kind, settings), settings) for kind in KINDS}
    write(folder / "paths.csv", pd.concat(paths.values()))
    starts = grid[:, :: settings.thin, :: settings.thin].reshape(2, -1)
    ends = {kind: error(descend(starts, kind, settings)[-1], settings)[0] for kind in KINDS}
    return {
        "origin": {"source": "no corpus", "name": "error_surface"},
        "learning_rate": settings.learning_rate,
        "threshold": settings.threshold,
        "cliff": {
            "w": six(w[steepest]),
            "b": six(b[steepest]),
            "gradient_norm": six(norms.max()),
        },
        "gradient_norm_median": six(np.median(norms)),
        **{kind: _path_numbers(path) for kind, path in paths.items()},
        "converged": {  # the share of starts from all over the grid
            "starts": starts.shape[1],
            "below": settings.low,
            **{kind: six(float(np.mean(ends[kind] < settings.low))) for kind in KINDS},
        },
    }


def error(place: Numbers, settings: Settings) -> tuple[Numbers, Numbers]:
    """Return the error at (w, b) and its gradient, which is computed along with the state.

    Many places may be given at once: (2, ...).
    """
    w, b = place
    state = np.full(w.shape, settings.state)
    by_w = by_b = np.zeros(w.shape)
    for _ in range(settings.steps):
        output = expit(state)
        slope = w * output * (1 - output)
        by_w = output + slope * by_w
        by_b = 1 + slope * by_b
        state = w * output + b
    output = expit(state)
    outer = 2 * (output - settings.target) * output * (1 - output)
    return np.asarray((output - settings.target) ** 2), np.array([outer * by_w, outer * by_b])


def clip(gradient: Numbers, threshold: float) -> Numbers:
    """Algorithm 1: rescale a gradient with a larger norm to the threshold."""
    return np.asarray(gradient * (threshold / np.maximum(np.hypot(*gradient), threshold)))


def descend(start: Numbers, kind: str, settings: Settings) -> Numbers:
    """Descend from (w, b); return every place, start and end included.

    The path may leave the grid.
    """
    places = [start]
    for _ in range(settings.updates):
        _, gradient = error(places[-1], settings)
        if kind == "clipped":
            gradient = clip(gradient, settings.threshold)
        places.append(places[-1] - settings.learning_rate * gradient)
    return np.array(places)


def table(kind: str, places: Numbers, settings: Settings) -> pd.DataFrame:
    """Return one descent, with the norm of its gradient before clipping."""
    w, b = places.T
    found, gradient = error(places.T, settings)
    norm = np.hypot(*gradient)
    columns = {"step": range(len(places)), "w": w, "b": b, "error": found, "gradient_norm": norm}
    return pd.DataFrame({"descent": kind, **columns})


def _path_numbers(path: pd.DataFrame) -> dict[str, float]:
    steps = np.hypot(path["w"].diff(), path["b"].diff())
    return {
        "largest_step": six(steps.max()),
        "final_error": six(path["error"].iloc[-1]),
        "largest_gradient_norm": six(path["gradient_norm"].max()),
    }
