"""D1: the wall in the error surface of a single recurrent unit, and descents that meet it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap, Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from mpl_toolkits.mplot3d import Axes3D  # type: ignore[import-untyped]

from recurrent.report import drawing
from recurrent.report.demonstrations import figures
from recurrent.report.drawing import FAINT
from recurrent.report.lines import column, number, read_table
from recurrent.report.views import Chart, Key, Section

# The same on a light and on a dark page, as the colours of the surface are.
PATHS = {
    "plain": ("#d9480f", "without clipping", "--path-plain"),
    "clipped": ("#8a3fc7", "with clipping", "--path-clipped"),
}
START = "#111111"
Grid = tuple[np.ndarray, np.ndarray, np.ndarray]
Path3 = dict[str, list[float]]


def section(folder: Path) -> Section | None:
    """The surface from the side and from above, with both descents."""
    records = read_table(folder / "surface.csv")
    if not records:
        return None
    grid = _grid(records)
    paths = _paths(read_table(folder / "paths.csv"))
    legend = tuple(Key(PATHS[n][1], PATHS[n][2]) for n in paths)
    side = "The error surface, from the side"
    above = "The same from above"
    charts = [
        Chart(
            side,
            "Where the unit tips from one fixed point to another the error rises like a wall, and "
            "its gradient explodes (梯度爆炸).",
            drawing.draw("surface-side", side, lambda f: _from_the_side(f, grid, paths), 4.2),
            legend,
        ),
        Chart(
            above,
            f"The square is the start, a dot an end. {_ends(paths)}",
            drawing.draw("surface-above", above, lambda f: _from_above(f, grid, paths), 4.2),
            legend,
        ),
    ]
    if paths:
        charts.append(_norms(paths, legend))
    return Section(
        "error-surface",
        "The wall: gradient explosion 梯度爆炸 and clipping 裁剪梯度",
        text=(
            "The error of a single recurrent unit by its weight w and its bias b, as in figure 6 "
            "of Pascanu and others (2013), computed rather than sketched.",
        ),
        charts=tuple(charts),
        folds=figures(folder),
        rows=("D1",),
    )


def _ends(paths: dict[str, Path3]) -> str:
    """How far each descent was thrown by its longest step, and where it ended."""
    said = []
    for name, path in paths.items():
        steps = np.hypot(np.diff(path["w"]), np.diff(path["b"]))
        longest, error = number(float(steps.max())), number(path["error"][-1])
        said.append(f"{PATHS[name][1]} the longest step is {longest} and the last error {error}")
    return (", ".join(said) + ".").capitalize() if said else ""


def _grid(records: Sequence[dict[str, str]]) -> Grid:
    """w, b and the error on a grid: a row a value of b."""
    w, b = np.array(column(records, "w")), np.array(column(records, "b"))
    across, down = np.unique(w), np.unique(b)
    error = np.full((len(down), len(across)), np.nan)
    error[np.searchsorted(down, b), np.searchsorted(across, w)] = column(records, "error")
    return across, down, error


def _paths(records: Sequence[dict[str, str]]) -> dict[str, Path3]:
    return {
        name: {key: column(own, key) for key in ("step", "w", "b", "error", "gradient_norm")}
        for name in PATHS
        if (own := [record for record in records if record["descent"] == name])
    }


def _colours() -> ListedColormap:
    """Pale enough that dark paths stand out on all of it."""
    from matplotlib import colormaps

    return ListedColormap(colormaps["YlGnBu"](np.linspace(0.08, 0.62, 64)))


def _scale(error: np.ndarray) -> Normalize:
    """Roots: the wall is high, and the valley before it is not to vanish."""
    return PowerNorm(0.5, float(np.nanmin(error)), float(np.nanmax(error)))


def _from_the_side(figure: Figure, grid: Grid, paths: dict[str, Path3]) -> None:
    across, down, error = grid
    axis: Any = figure.add_subplot(projection="3d", computed_zorder=False)
    assert isinstance(axis, Axes3D)
    w, b = np.meshgrid(across, down)
    axis.plot_surface(
        w,
        b,
        error,
        cmap=_colours(),
        norm=_scale(error),
        rcount=90,
        ccount=90,
        linewidth=0,
        antialiased=False,  # else the page shines through between the facets
        rasterized=True,
        zorder=1,
    )
    lift = 0.01 * (np.nanmax(error) - np.nanmin(error))
    for name, path in paths.items():
        colour = PATHS[name][0]
        inside = _inside(path, across, down)
        w_in, b_in = np.array(path["w"])[inside], np.array(path["b"])[inside]
        z = np.array(path["error"])[inside] + lift
        axis.plot(w_in, b_in, z, color=colour, **_thin(len(z)), zorder=3)
        axis.plot(w_in[-1:], b_in[-1:], z[-1:], "o", color=colour, markersize=6, zorder=4)
    axis.set_xlabel("w")
    axis.set_ylabel("b")
    axis.set_zlabel("error")
    axis.view_init(elev=30, azim=30)
    for each in (axis.xaxis, axis.yaxis, axis.zaxis):
        each.set_pane_color((0, 0, 0, 0))
        each.line.set_color(FAINT)
    axis.tick_params(labelsize=9)
    axis.locator_params(nbins=5)


def _from_above(figure: Figure, grid: Grid, paths: dict[str, Path3]) -> None:
    across, down, error = grid
    axis = figure.add_subplot()
    mesh = axis.imshow(
        error,
        cmap=_colours(),
        norm=_scale(error),
        origin="lower",
        aspect="auto",
        interpolation="none",  # as it is: the browser enlarges it
        extent=(across[0], across[-1], down[0], down[-1]),
    )
    for name, path in paths.items():
        colour, w, b = PATHS[name][0], path["w"], path["b"]
        axis.plot(w, b, color=colour, **_thin(len(w)))
        axis.plot(w[-1:], b[-1:], "o", color=colour, markersize=6)
        axis.plot(w[:1], b[:1], "s", color=START, markersize=6, markeredgecolor="white")
    axis.set_xlim(across[0], across[-1])
    axis.set_ylim(down[0], down[-1])
    axis.set_xlabel("w")
    axis.set_ylabel("b")
    axis.grid(False)
    figure.colorbar(mesh, ax=axis, label="error", shrink=0.9).outline.set_visible(False)


def _inside(path: Path3, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Steps on the grid: a 3-D picture does not cut off what lies outside."""
    w, b = np.array(path["w"]), np.array(path["b"])
    inside: np.ndarray = (w >= across[0]) & (w <= across[-1]) & (b >= down[0]) & (b <= down[-1])
    return inside


def _thin(steps: int) -> dict[str, Any]:
    """A cased line; thinner where it goes to and fro."""
    width = 2.0 if steps < 40 else 1.1
    casing = [Stroke(linewidth=width + 1.2, foreground="white"), Normal()]
    return {"linewidth": width, "path_effects": casing}


def _norms(paths: dict[str, Path3], legend: tuple[Key, ...]) -> Chart:
    title = "Length of the gradient by step, log scale"

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for name, path in paths.items():
            axis.plot(path["step"], path["gradient_norm"], color=PATHS[name][0], linewidth=1.3)
        drawing.logarithmic(axis)
        axis.set_xlabel("step")
        axis.set_ylabel("norm of the gradient")

    longest = {name: max(path["gradient_norm"]) for name, path in paths.items()}
    caption = "Longest: " + ", ".join(f"{PATHS[n][1]} {number(v)}" for n, v in longest.items())
    return Chart(title, f"{caption}.", drawing.draw("surface-norms", title, paint), legend)
