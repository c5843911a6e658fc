"""D1: the cliff in the error surface of a recurrent unit, and descents that meet it."""

from typing import Any

import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure

from recurrent.common import paths
from recurrent.report.charts import CLIPPED, INK, UNCLIPPED, draw, legend_below
from recurrent.report.inputs import read_csv
from recurrent.report.numbers import short
from recurrent.report.views import Chart

DESCENTS = {"plain": (UNCLIPPED, "without clipping"), "clipped": (CLIPPED, "with clipping")}


def surface() -> list[Chart]:
    """Return charts of the surface from above and from the side, with both descents."""
    table = read_csv(paths.study("error_surface") / "surface.csv")
    steps = read_csv(paths.study("error_surface") / "paths.csv")
    if table.empty or steps.empty:
        return []
    grid = table.pivot(index="b", columns="w", values="error")
    descents = {name: steps[steps["descent"] == name] for name in DESCENTS}
    ends = "; ".join(
        f"{DESCENTS[name][1]}, the largest gradient norm is {short(path['gradient_norm'].max())} "
        f"and the last error is {short(path['error'].iloc[-1])}"
        for name, path in descents.items()
    )
    return [
        draw(
            "The error surface from above, with two descents",
            f"The square marks the start, the dots mark the ends: {ends}.",
            lambda figure: _from_above(figure, grid, descents),
            4.0,
        ),
        draw(
            "The error surface from the side",
            "Error of a recurrent unit by its weight w and its bias b, as in figure 6 of Pascanu "
            "et al. (2013). Where the unit switches from one fixed point to another, the error "
            "rises like a cliff and its gradient explodes.",
            lambda figure: _from_the_side(figure, grid, descents),
            4.0,
        ),
    ]


def _colours(grid: pd.DataFrame) -> dict[str, Any]:
    """Return pale colours, so that paths stand out; their square-root scale shows the cliff."""
    pale = ListedColormap([tuple(colormaps["Greys"](0.08 + 0.54 * n / 63)) for n in range(64)])
    norm = PowerNorm(0.5, float(grid.to_numpy().min()), float(grid.to_numpy().max()))
    return {"cmap": pale, "norm": norm}


def _from_the_side(figure: Figure, grid: pd.DataFrame, descents: dict[str, pd.DataFrame]) -> None:
    axis: Any = figure.add_subplot(projection="3d", computed_zorder=False)
    w, b = grid.columns.to_numpy(), grid.index.to_numpy()[:, None]
    w, b = w + 0 * b, b + 0 * w
    look = {"rcount": 90, "ccount": 90, "linewidth": 0, "antialiased": False, "rasterized": True}
    axis.plot_surface(w, b, grid.to_numpy(), zorder=1, **look, **_colours(grid))
    for name, path in descents.items():
        # A 3-D plot does not clip lines to its axes.
        inside = path[path["w"].between(w.min(), w.max()) & path["b"].between(b.min(), b.max())]
        height = inside["error"] + 0.01
        axis.plot(inside["w"], inside["b"], height, "-", color=DESCENTS[name][0], zorder=3, lw=1.2)
    axis.set_xlabel("w")
    axis.set_ylabel("b")
    axis.set_zlabel("error")
    axis.view_init(elev=30, azim=30)
    axis.locator_params(nbins=5)


def _from_above(figure: Figure, grid: pd.DataFrame, descents: dict[str, pd.DataFrame]) -> None:
    axis = figure.add_subplot()
    w, b = grid.columns.to_numpy(), grid.index.to_numpy()
    extent = (w[0], w[-1], b[0], b[-1])
    look: dict[str, Any] = {"origin": "lower", "aspect": "auto", "interpolation": "none"}
    mesh = axis.imshow(grid.to_numpy(), extent=extent, **look, **_colours(grid))
    for name, path in descents.items():
        colour, label = DESCENTS[name]
        axis.plot(path["w"], path["b"], "-", color=colour, linewidth=1.2, label=label)
        axis.plot(path["w"].iloc[-1:], path["b"].iloc[-1:], "o", color=colour)
        axis.plot(path["w"].iloc[:1], path["b"].iloc[:1], "s", color=INK)
    axis.set_xlim(w[0], w[-1])
    axis.set_ylim(b[0], b[-1])
    axis.set_xlabel("w")
    axis.set_ylabel("b")
    axis.grid(False)
    legend_below(figure)
    figure.colorbar(mesh, ax=axis, label="error", shrink=0.9)
