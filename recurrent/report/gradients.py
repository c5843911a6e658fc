"""D2, D3: gradient norms during training, findings, and the effect of clipping."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from recurrent.common.config import Variant
from recurrent.report.charts import (
    CLIPPED,
    DASHES,
    EACH,
    INK,
    LAST,
    UNCLIPPED,
    colour,
    draw,
    legend_below,
    log_if_wide,
    logarithmic,
    thinned,
)
from recurrent.report.inputs import Inputs
from recurrent.report.numbers import count, number
from recurrent.report.views import Chart, Section, frame, section

WAYS = {"global": "the global norm", "each": "each parameter", "last": "the last parameter"}
KINDS = {"exploding": "exploding 梯度爆炸", "vanishing": "vanishing 梯度消失", "nan": "NaN"}
POINTS = 60  # of a curve; each is the median of neighbouring steps
CHARTS = 4  # of gradient norms; runs with findings come first
EXTREMES = 4  # largest parameters on a chart, and as many of the smallest


def clipping(inputs: Inputs) -> Section | None:
    """Return charts of the length and direction of steps, clipped in three ways (D2)."""
    records = inputs.examined("clipping")
    charts = []
    if not records.empty:
        for (name, threshold), own in records.groupby(["name", "threshold"], sort=False):
            charts.append(_clipped(inputs.called(str(name)), float(str(threshold)), own))
    return section(
        "clipping",
        "Gradient clipping 裁剪梯度 in three ways",
        [
            "Algorithm 1 of the lecture rescales the whole gradient and keeps its direction. "
            "Clipping each parameter on its own changes the direction of the step. The lecture's "
            "listing clips after its loop over the parameters, so it clips only the last one."
        ],
        charts,
        folded=True,
    )


def _clipped(name: str, threshold: float, records: pd.DataFrame) -> Chart:
    first = thinned(records[records["seed"] == records["seed"].iloc[0]])

    def paint(figure: Figure) -> None:
        lengths, turns = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        lengths.plot(first["step"], first["norm"], "-", color=UNCLIPPED, lw=1, label="not clipped")
        for (way, label), shade in zip(WAYS.items(), (CLIPPED, EACH, LAST), strict=True):
            lengths.plot(first["step"], first[f"norm_{way}"], color=shade, label=label)
            turns.plot(first["step"], first[f"cosine_{way}"], color=shade)
        logarithmic(lengths.yaxis, first["norm"])
        lengths.set_ylabel("length")
        turns.set_ylabel("cosine")
        turns.set_xlabel("step")
        legend_below(figure)

    clipped = records[records["norm"] > threshold]
    caption = f"No gradient is longer than {threshold:g}, so nothing is clipped."
    if len(clipped):
        turned = " and ".join(
            f"{number(float(clipped[f'cosine_{way}'].median()))} for {WAYS[way]}"
            for way in ("each", "last")
        )
        caption = (
            f"At {count(len(clipped))} of {count(len(records))} steps (all seeds), the gradient is "
            f"longer than {threshold:g}. The median cosine between step and gradient is 1 for the "
            f"global norm, {turned}."
        )
    return draw(f"{name}, clipped at {threshold:g}", caption, paint, 3.9)


def norms(inputs: Inputs, lectures: Sequence[str]) -> Section | None:
    """Return charts of each parameter's gradient norm by step, findings first (D3)."""
    variants = [variant for lecture in lectures for variant in inputs.variants(lecture)]
    order = sorted(variants, key=lambda variant: not inputs.findings(variant))
    watched = [variant for variant in order if not inputs.gradients(variant).empty]
    charts = [_norms(inputs, one, inputs.gradients(one)) for one in watched[:CHARTS]]
    text = [
        "The charts show the norm of each parameter's gradient before clipping, for the first "
        "seed, as medians of neighbouring steps. Runs with findings come first."
    ]
    if len(watched) > CHARTS:
        text.append(f"These charts show {CHARTS} of {len(watched)} models; data/runs has all.")
    return section("gradient-norms", "Gradient norms 梯度范数", text, charts, folded=True)


def _norms(inputs: Inputs, variant: Variant, table: pd.DataFrame) -> Chart:
    first = table[table["seed"] == table["seed"].iloc[0]].drop(columns=["seed", "epoch"])
    bins = np.arange(len(first)) * min(POINTS, len(first)) // len(first)
    curves = first.replace([np.inf, -np.inf], np.nan).groupby(bins).median().set_index("step")
    parameters = curves.drop(columns="total").median().sort_values(ascending=False).index
    shown = [*dict.fromkeys([*parameters[:EXTREMES], *parameters[-EXTREMES:]])]

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        own = colour(variant)
        for place, parameter in enumerate(shown):  # from the largest to the smallest
            alpha = 1 - 0.8 * place / len(shown)
            look = {"color": own, "linestyle": DASHES[place % len(DASHES)], "alpha": alpha}
            axis.plot(curves.index, curves[parameter], label=parameter, **look)
        axis.plot(curves.index, curves["total"], "-", color=INK, linewidth=2, label="global norm")
        log_if_wide(axis.yaxis, [value for value in curves[["total", *shown]].stack() if value > 0])
        axis.set_xlabel("step")
        axis.set_ylabel("norm")
        legend_below(figure)

    total = first["total"].replace([np.inf, -np.inf], np.nan).dropna()
    caption = "No gradient is finite."
    if len(total):
        ends = [number(float(total.iloc[place])) for place in (0, -1)]
        most = number(float(total.max()))
        caption = f"Global norm: {ends[0]} at the start, {ends[1]} at the end, {most} at most."
    if len(shown) < len(parameters):
        caption += f" Lines show the {EXTREMES} largest and the {EXTREMES} smallest parameters."
    return draw(inputs.called(variant.name), caption, paint, 2.9 + 0.11 * len(shown))


def findings(inputs: Inputs) -> Section | None:
    """Return a table of the gradient problems that runs detected (D3)."""
    found = {
        variant.name: own
        for variant in inputs.config.variants()
        if not inputs.fitted(variant.name) and (own := inputs.findings(variant)) is not None
    }
    rows = [
        {
            "name": inputs.called(name),
            "seed": seed,
            **asdict(finding),
            "kind": KINDS.get(finding.kind),
        }
        for name, own in found.items()
        for seed, finding in own
    ]
    if not found:
        return None
    well = sum(not own for own in found.values())
    head = ("name", "kind", "seed", "epoch", "step", "parameter", "norm", "times")
    columns = dict(zip(head, ("model", "finding", *head[2:]), strict=True))
    listed = frame("Findings, with the step of each", pd.DataFrame(rows), columns, folded=True)
    return Section(
        "findings",
        "Gradient problems that the runs detected",
        (f"{count(len(found))} networks were trained; {count(well)} had no gradient problems.",),
        tables=(listed,) if listed else (),
        folded=True,
    )
