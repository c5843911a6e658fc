"""D4, B4, D5: how far back gradients reach, powers of a factor, and spectra."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from recurrent.common import paths
from recurrent.report.charts import INK, draw, legend_below, logarithmic, look, parts
from recurrent.report.inputs import Inputs, read_csv
from recurrent.report.numbers import number
from recurrent.report.views import Chart, Section, frame, section

WHENS = ("before", "after")
ABOVE = 300  # times the largest gradient: where a bound leaves the picture


def gradient_flow(inputs: Inputs) -> Section | None:
    """Return charts of the gradient at each step back from the loss (D4, B4)."""
    records = inputs.examined("gradient_flow")
    charts: list[Chart] = []
    if not records.empty:
        hidden = records[records["state"] == "h"]
        for corpus, own in hidden.groupby("corpus", sort=False):
            for names in parts([*own["name"].unique()]):
                title = f"Gradients through time on {corpus}"
                charts.append(_reach(title, own[own["name"].isin(names)], "name"))
        for name, own in records.groupby("name", sort=False):
            if own["state"].nunique() > 1:
                charts.append(_reach(f"{name}: hidden state and cell", own, "state"))
    return section(
        "gradient-flow",
        "D4, B4 · The gradient through time: RNN, GRU 门控循环单元 and LSTM 长短期记忆",
        [
            "The charts show the norm of the gradient of the loss with respect to earlier hidden "
            "states, as a median over records. Thin dotted lines are upper bounds, computed from "
            "the norms of the Jacobians. Where a line falls straight, the gradient vanishes "
            "(梯度消失): it shrinks by the same factor at each step."
        ],
        charts,
    )


def _reach(title: str, records: pd.DataFrame, by: str) -> Chart:
    names = [*records[by].unique()]

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(WHENS), sharex=True, sharey=True)
        for axis, when in zip(panels, WHENS, strict=True):
            for place, name in enumerate(names):
                own = records[(records[by] == name) & (records["when"] == when)]
                style = look(place)
                axis.plot(own["back"], own["gradient"], label=name, **style)
                axis.plot(own["back"], own["bound"], ":", color=style["color"], linewidth=1)
            axis.set_title(f"{when} training")
            axis.set_xlabel("steps back")
            axis.locator_params(axis="x", integer=True, nbins=5)
            logarithmic(axis)
        panels[0].set_ylabel("norm of the gradient")
        positive = records.loc[records["gradient"] > 0, "gradient"]
        if len(positive):
            panels[0].set_ylim(positive.min() / 3, positive.max() * ABOVE)
        legend_below(figure)

    trained = records[records["when"] == WHENS[-1]]
    kept = [f"{name} {_kept(trained[trained[by] == name])}" for name in names]
    caption = f"The furthest gradient divided by the nearest, after training: {', '.join(kept)}."
    return draw(title, caption, paint, 2.9 + 0.11 * len(names))


def _kept(records: pd.DataFrame) -> str:
    gradients = records.sort_values("back")["gradient"]
    if gradients.empty or not gradients.iloc[0]:
        return "unknown"
    return number(float(gradients.iloc[-1] / gradients.iloc[0]))


def powers() -> Section | None:
    """Return a chart of a factor near 1 over 365 steps (D5)."""
    records = read_csv(paths.study("powers") / "powers.csv")
    if records.empty:
        return None
    factors: Sequence[float] = [*records["factor"].unique()]

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for place, factor in enumerate(factors):
            own = records[records["factor"] == factor]
            colour = look(place)["color"]
            pale = {"color": colour, "linewidth": 5, "alpha": 0.3}
            axis.plot(own["step"], own["orthogonal_norm"], "-", **pale)
            axis.plot(own["step"], own["scalar"], "-", color=colour, label=f"{factor:g}")
            axis.plot(own["step"], own["matrix_norm"], "--", color=colour)
        logarithmic(axis)
        axis.set_xlabel("step")
        axis.set_ylabel("size")
        legend_below(figure, columns=4)

    last = records.groupby("factor", sort=False).last()
    ends = "; ".join(
        f"{factor:g} to the power {row['step']:.0f} is {number(float(row['scalar']))}"
        for factor, row in last.iterrows()
    )
    caption = (
        f"{ends}. Solid: the number itself. Dashed: the norm of a matrix of that spectral radius. "
        "Pale: the norm of an orthogonal matrix times the number."
    )
    text = (
        "A gradient that goes back through T steps is multiplied T times: by factors above 1 it "
        "explodes (梯度爆炸), by factors below 1 it vanishes (梯度消失)."
    )
    chart = draw("Powers of a factor a little above and below 1", caption, paint)
    return section("powers", "D5 · Powers of a factor near 1", [text], [chart])


def spectra(inputs: Inputs) -> Section | None:
    """Return charts of recurrent matrices' singular values, and the measured decay (D5)."""
    records = inputs.examined("spectra")
    names = [] if records.empty else [*records["name"].unique()]
    columns = {
        "name": "model",
        "when": "training",
        "decay": "decay per step",
        "largest_singular_value": "largest singular value",
        "spectral_radius": "spectral radius",
    }
    return section(
        "spectra",
        "D5 · Singular values 奇异值 of W_hh, and the measured decay",
        [
            "Without gates, a matrix whose largest singular value is below 1 can only shrink a "
            "gradient. A larger one may still shrink it, along other directions or by the slope of "
            "the activation. With gates, these matrices are only a part of the Jacobian."
        ],
        [_spectra(records[records["name"].isin(shown)]) for shown in parts(names)],
        [frame("The measured decay and the spectrum", inputs.examined("summary"), columns)],
    )


def _spectra(records: pd.DataFrame) -> Chart:
    """Return a chart of singular values: at each rank, the largest one of a network's matrices."""
    largest = records.groupby(["name", "when", "rank"], sort=False, as_index=False).max()
    names = [*records["name"].unique()]

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(WHENS), sharex=True, sharey=True)
        for axis, when in zip(panels, WHENS, strict=True):
            axis.axhline(1, color=INK, linewidth=0.8)
            for place, name in enumerate(names):
                own = largest[(largest["name"] == name) & (largest["when"] == when)]
                rank = own["rank"] / own["rank"].max()
                axis.plot(rank, own["singular_value"], label=name, **look(place))
            axis.set_title(f"{when} training")
            axis.set_xlabel("rank, as a share")
            logarithmic(axis)
        panels[0].set_ylim(bottom=0.03)
        panels[0].set_ylabel("singular value")
        legend_below(figure)

    caption = (
        "Singular values from the largest to the smallest; for several matrices, the largest one "
        "at each rank. A matrix stretches vectors where its line is above 1."
    )
    title = f"Singular values of {len(names)} networks"
    return draw(title, caption, paint, 2.9 + 0.11 * len(names))
