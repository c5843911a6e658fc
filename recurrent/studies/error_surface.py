"""The wall in the error surface of a recurrent unit, and descents that meet it.

Figure 6 of Pascanu, Mikolov and Bengio (2013): one hidden unit without input,
x_k = w * sigmoid(x_(k-1)) + b, and the error of its last state, over (w, b).
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import expit

from recurrent.studies.base import six, write
from recurrent.validation import Frozen

Numbers = NDArray[np.float64]
KINDS = ("plain", "clipped")


class Axis(Frozen):
    """One side of the grid."""

    low: float
    high: float
    points: int = Field(default=81, ge=2)


class Settings(Frozen):
    """The unit of the figure; a grid with its wall; a start from which both descents meet it."""

    steps: int = Field(default=50, ge=1)  # of the unit
    state: float = 0.5  # before the first
    target: float = Field(default=0.7, gt=0, lt=1)  # of sigmoid(last state)
    # The wall runs from about (4.2, -2.1) to (6.5, -3.5), and there is none below w = 4.
    w: Axis = Axis(low=3.5, high=6.5)
    b: Axis = Axis(low=-3.7, high=0.3)
    # Chosen: with these, most clipped descents from all over the grid arrive, and half the plain.
    rate: float = Field(default=0.5, gt=0)
    threshold: float = Field(default=0.2, gt=0)  # a few times the gradient away from the wall
    updates: int = Field(default=200, ge=1)  # of a descent
    # Chosen: the plain descent is thrown 2.9 far, and the picture still has where it lands; and
    # a last digit that differs does not change the paths, as from many starts it would.
    start_w: float = 5.05
    start_b: float = -2.1
    thin: int = Field(default=4, ge=1)  # every so many grid points of a side is a start as well
    low: float = Field(default=0.01, gt=0)  # an error with which a descent has arrived


def demonstrate(settings: Settings, folder: Path) -> dict[str, Any]:
    """The surface, both descents from one start, and how descents from all over it end."""
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
        "rate": settings.rate,
        "threshold": settings.threshold,
        "wall": {
            "w": six(w[steepest]),
            "b": six(b[steepest]),
            "gradient_norm": six(norms.max()),
        },
        "gradient_norm_median": six(np.median(norms)),
        **{kind: _of_path(path) for kind, path in paths.items()},
        "arrived": {  # the share of starts from all over the grid
            "starts": starts.shape[1],
            "below": settings.low,
            **{kind: six(float(np.mean(ends[kind] < settings.low))) for kind in KINDS},
        },
    }


def error(place: Numbers, settings: Settings) -> tuple[Numbers, Numbers]:
    """The error at (w, b) and its gradient, carried along with the state; of many at once too."""
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
    """Algorithm 1: a gradient of a greater norm is rescaled to the threshold."""
    return np.asarray(gradient * (threshold / np.maximum(np.hypot(*gradient), threshold)))


def descend(start: Numbers, kind: str, settings: Settings) -> Numbers:
    """The places on the way from (w, b), both ends among them; it may leave the grid."""
    places = [start]
    for _ in range(settings.updates):
        _, gradient = error(places[-1], settings)
        if kind == "clipped":
            gradient = clip(gradient, settings.threshold)
        places.append(places[-1] - settings.rate * gradient)
    return np.array(places)


def table(kind: str, places: Numbers, settings: Settings) -> pd.DataFrame:
    """One descent, with the gradient before it is clipped."""
    w, b = places.T
    found, gradient = error(places.T, settings)
    norm = np.hypot(*gradient)
    columns = {"step": range(len(places)), "w": w, "b": b, "error": found, "gradient_norm": norm}
    return pd.DataFrame({"descent": kind, **columns})


def _of_path(path: pd.DataFrame) -> dict[str, float]:
    steps = np.hypot(path["w"].diff(), path["b"].diff())
    return {
        "largest_step": six(steps.max()),
        "final_error": six(path["error"].iloc[-1]),
        "largest_gradient_norm": six(path["gradient_norm"].max()),
    }
