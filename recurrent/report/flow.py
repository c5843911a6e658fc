"""D4, B4, D5: how far back gradients reach, powers of a factor, and spectra."""

from textwrap import wrap

import pandas as pd
from matplotlib.figure import Figure

from recurrent.common import paths
from recurrent.report.charts import (
    INK,
    PANELS,
    colour,
    draw,
    legend_below,
    logarithmic,
    looks,
    parts,
)
from recurrent.report.inputs import Inputs, read_csv
from recurrent.report.numbers import number, short
from recurrent.report.views import Chart, Section, frame, section

WHENS = ("before", "after")
STATES = {"h": "hidden state", "c": "cell"}
FAR = 5  # steps back
ABOVE = 300  # an axis ends at this many times the largest gradient; bounds may lie above


def reach(inputs: Inputs) -> list[Chart]:
    """Return charts of the gradient by steps back from the loss, for each corpus (D4, B4)."""
    records = _reaching(inputs)
    charts = []
    for corpus, own in records.groupby("corpus", sort=False) if len(records) else ():
        for names in parts([*own["name"].unique()]):
            shown = own[(own["state"] == "h") & own["name"].isin(names)]
            charts.append(_reach(inputs, f"Gradients through time on {corpus}", shown, "name"))
    return charts


def cells(inputs: Inputs) -> list[Chart]:
    """Return a chart for each network with a cell, of its hidden state and its cell (D4)."""
    records = _reaching(inputs)
    return [
        _reach(inputs, f"{inputs.called(str(name))}: hidden state and cell", own, "state")
        for name, own in (records.groupby("name", sort=False) if len(records) else ())
        if own["state"].nunique() > 1
    ]


def _reaching(inputs: Inputs) -> pd.DataFrame:
    """Return the gradients of networks that were followed back far enough to draw a line."""
    records = inputs.examined("gradient_flow")
    if records.empty:
        return records
    return records[records.groupby("name")["back"].transform("max") >= FAR]


def _reach(inputs: Inputs, title: str, records: pd.DataFrame, by: str) -> Chart:
    names = [*map(str, records[by].unique())]
    models = [records.loc[records[by] == name, "name"].iloc[0] for name in names]
    lines = looks(map(inputs.known.get, models))
    labels = [inputs.called(name) if by == "name" else STATES.get(name, name) for name in names]

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(WHENS), sharex=True, sharey=True)
        for axis, when in zip(panels, WHENS, strict=True):
            for name, label, style in zip(names, labels, lines, strict=True):
                own = records[(records[by] == name) & (records["when"] == when)]
                axis.plot(own["back"], own["gradient"], label=label, **style)
                axis.plot(own["back"], own["bound"], ":", color=style["color"], linewidth=1)
            axis.set_title(f"{when} training")
            axis.set_xlabel("steps back")
            axis.locator_params(axis="x", integer=True, nbins=5)
            logarithmic(axis.yaxis, records["gradient"])
        panels[0].set_ylabel("norm of the gradient")
        positive = records.loc[records["gradient"] > 0, "gradient"]
        if len(positive):
            panels[0].set_ylim(positive.min() / 3, positive.max() * ABOVE)
        legend_below(figure)

    trained = records[records["when"] == WHENS[-1]]
    kept = [
        f"{label} {_kept(trained[trained[by] == name])}"
        for name, label in zip(names, labels, strict=True)
    ]
    steps = int(records["back"].max())
    caption = (
        f"The gradient {steps} steps back, divided by the gradient one step back, after training: "
        f"{'; '.join(kept)}. Medians over records. Thin dotted lines: the bound from the Jacobians."
    )
    return draw(title, caption, paint, 2.9 + 0.11 * len(names))


def _kept(records: pd.DataFrame) -> str:
    gradients = records.sort_values("back")["gradient"]
    if gradients.empty or not gradients.iloc[0]:
        return "unknown"
    return short(float(gradients.iloc[-1] / gradients.iloc[0]), 2)


def powers() -> Chart | None:
    """Return a chart of a factor near 1 over 365 steps (D5)."""
    records = read_csv(paths.study("powers") / "powers.csv")
    if records.empty:
        return None
    found = dict.fromkeys(records["factor"].unique())
    widths = {factor: 1.0 + 0.7 * place for place, factor in enumerate(found)}

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for factor, width in widths.items():
            own = records[records["factor"] == factor]
            axis.plot(own["step"], own["orthogonal_norm"], "-", color=INK, lw=6, alpha=0.2)
            axis.plot(own["step"], own["scalar"], "-", color=INK, lw=width, label=f"{factor:g}")
            axis.plot(own["step"], own["matrix_norm"], "--", color=INK, lw=1)
        logarithmic(axis.yaxis, records["scalar"])
        axis.set_xlabel("step")
        axis.set_ylabel("size")
        legend_below(figure, columns=4)

    last = records.groupby("factor", sort=False).last()
    ends = "; ".join(
        f"{factor:g} to the power {row['step']:.0f} is {number(float(row['scalar']))}"
        for factor, row in last.iterrows()
    )
    caption = (
        f"{ends}. Solid: powers of the number. Dashed: norms of the powers of a Gaussian matrix "
        "with that spectral radius. Pale: norms of the powers of an orthogonal matrix times the "
        "number."
    )
    return draw("Powers of a factor slightly above and below 1", caption, paint)


def spectra(inputs: Inputs) -> Section | None:
    """Return charts of recurrent matrices' singular values, and the measured decay (D5)."""
    records = inputs.examined("spectra")
    columns = {
        "called": "model",
        "when": "training",
        "decay": "decay per step",
        "largest_singular_value": "largest singular value",
        "spectral_radius": "spectral radius",
    }
    return section(
        "spectra",
        "Singular values 奇异值 of W_hh, and the measured decay",
        [
            "Without gates, a matrix whose largest singular value is below 1 can only shrink a "
            "gradient. If that value is above 1, the gradient may still shrink, along other "
            "directions or by the slope of the activation. With gates, these matrices are only a "
            "part of the Jacobian."
        ],
        [] if records.empty else [_spectra(inputs, records)],
        [frame("The measured decay and the spectrum", inputs.examined("summary"), columns)],
        folded=True,
    )


def _spectra(inputs: Inputs, records: pd.DataFrame) -> Chart:
    """Return small multiples of singular values: at each rank, the largest of a network's."""
    largest = records.groupby(["name", "when", "rank"], sort=False, as_index=False).max()
    names = [*records["name"].unique()]
    lines = -(-len(names) // PANELS)

    def paint(figure: Figure) -> None:
        axes = figure.subplots(lines, PANELS, sharex=True, sharey=True, squeeze=False).flat
        for axis, name in zip(axes, names, strict=False):
            axis.axhline(1, color=INK, linewidth=0.8)
            for when, style in zip(WHENS, (":", "-"), strict=True):
                own = largest[(largest["name"] == name) & (largest["when"] == when)]
                rank = own["rank"] / own["rank"].max()
                shade = colour(inputs.known.get(name))
                axis.plot(rank, own["singular_value"], style, color=shade, label=f"{when} training")
            axis.set_title("\n".join(wrap(inputs.called(name), 24)), fontsize=8)
            axis.set_ylim(bottom=0.03)
            logarithmic(axis.yaxis, (0.03, *largest["singular_value"]))
        for axis in figure.axes[len(names) :]:
            axis.set_axis_off()
        figure.supxlabel("rank, as a share", fontsize=9)
        figure.supylabel("singular value", fontsize=9)
        legend_below(figure)

    caption = (
        "Singular values from the largest to the smallest; for several matrices, the largest one "
        "at each rank. A matrix stretches vectors where its line is above 1."
    )
    return draw("Singular values of recurrent matrices", caption, paint, 0.8 + 1.5 * lines)
