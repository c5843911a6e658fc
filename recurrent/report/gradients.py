"""D2, D3: gradient norms while networks train, findings, and what clipping does."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from recurrent.config import Variant
from recurrent.report.charts import INK, draw, legend_below, log_if_wide, logarithmic, look
from recurrent.report.inputs import Inputs
from recurrent.report.numbers import count, number
from recurrent.report.tables import LONG
from recurrent.report.views import Chart, Section, frame, section

WAYS = {"global": "all parameters together", "each": "each parameter alone", "last": "the last one"}
KINDS = {"exploding": "exploding 梯度爆炸", "vanishing": "vanishing 梯度消失", "nan": "NaN"}
POINTS = 80  # of a curve: each is the median of the steps between
CHARTS = 6  # of gradient norms; those that went wrong come first
EXTREMES = 4  # parameters on a chart: the largest, and the smallest


def clipping(inputs: Inputs) -> Section | None:
    """D2: the length and direction of a step, clipped in three ways."""
    records = inputs.examined("clipping")
    charts = []
    if not records.empty:
        for (name, threshold), own in records.groupby(["name", "threshold"], sort=False):
            charts.append(_clipped(str(name), float(str(threshold)), own))
    return section(
        "clipping",
        "D2 · Gradient clipping 裁剪梯度 in three ways",
        [
            "Algorithm 1 of the lecture rescales the whole gradient and keeps its direction. "
            "Clipping each parameter alone turns the step. The lecture's listing clips after its "
            "loop over the parameters, and so the last parameter alone."
        ],
        charts,
    )


def _clipped(name: str, threshold: float, records: pd.DataFrame) -> Chart:
    first = records[records["seed"] == records["seed"].iloc[0]]

    def paint(figure: Figure) -> None:
        lengths, turns = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        lengths.plot(first["step"], first["norm"], "-", color=INK, linewidth=1, label="not clipped")
        for place, (way, label) in enumerate(WAYS.items()):
            lengths.plot(first["step"], first[f"norm_{way}"], label=label, **look(place))
            turns.plot(first["step"], first[f"cosine_{way}"], **look(place))
        logarithmic(lengths)
        lengths.set_ylabel("length")
        turns.set_ylabel("cosine")
        turns.set_xlabel("step")
        legend_below(figure)

    clipped = records[records["norm"] > threshold]
    caption = f"No step is longer than {threshold:g}, so nothing is clipped."
    if len(clipped):
        turned = " and ".join(
            f"{number(float(clipped[f'cosine_{way}'].median()))} for {WAYS[way]}"
            for way in ("each", "last")
        )
        caption = (
            f"{count(len(clipped))} of {count(len(records))} steps of all seeds are longer than "
            f"{threshold:g}. The median cosine between step and gradient is 1 for all parameters "
            f"together, {turned}."
        )
    return draw(f"{name}, clipped at {threshold:g}", caption, paint, 3.9)


def norms(inputs: Inputs, lectures: Sequence[str]) -> Section | None:
    """D3: the norm of each parameter's gradient by step, runs with findings first."""
    variants = [variant for lecture in lectures for variant in inputs.variants(lecture)]
    order = sorted(variants, key=lambda variant: not inputs.findings(variant))
    watched = [variant for variant in order if not inputs.gradients(variant).empty]
    charts = [_norms(variant, inputs.gradients(variant)) for variant in watched[:CHARTS]]
    text = [
        "The norm of each parameter's gradient before clipping, of the first seed: medians of "
        "neighbouring steps. Runs with findings come first."
    ]
    if len(watched) > CHARTS:
        text.append(f"{CHARTS} of {len(watched)} models are drawn; data/runs has all.")
    return section("gradient-norms", "D3 · Gradient norms 梯度范数", text, charts)


def _norms(variant: Variant, table: pd.DataFrame) -> Chart:
    first = table[table["seed"] == table["seed"].iloc[0]].drop(columns=["seed", "epoch"])
    bins = np.arange(len(first)) * min(POINTS, len(first)) // len(first)
    curves = first.replace([np.inf, -np.inf], np.nan).groupby(bins).median().set_index("step")
    parameters = curves.drop(columns="total").median().sort_values(ascending=False).index
    shown = [*dict.fromkeys([*parameters[:EXTREMES], *parameters[-EXTREMES:]])]

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for place, parameter in enumerate(shown):
            axis.plot(curves.index, curves[parameter], label=parameter, **look(place))
        axis.plot(curves.index, curves["total"], "-", color=INK, linewidth=2, label="all together")
        log_if_wide(axis, [value for value in curves[["total", *shown]].stack() if value > 0])
        axis.set_xlabel("step")
        axis.set_ylabel("norm")
        legend_below(figure)

    total = first["total"].replace([np.inf, -np.inf], np.nan).dropna()
    caption = "No gradient is finite."
    if len(total):
        ends = [number(float(total.iloc[place])) for place in (0, -1)]
        most = number(float(total.max()))
        caption = f"All together: {ends[0]} at the start, {ends[1]} at the end, {most} at most."
    if len(shown) < len(parameters):
        caption += f" Drawn are the {EXTREMES} largest and the {EXTREMES} smallest parameters."
    return draw(variant.name, caption, paint, 2.9 + 0.11 * len(shown))


def findings(inputs: Inputs) -> Section | None:
    """D3: what runs found wrong with their own gradients."""
    found = {
        variant.name: own
        for variant in inputs.config.variants()
        if (own := inputs.findings(variant)) is not None
    }
    rows = [
        {"name": name, "seed": seed, **asdict(finding), "kind": KINDS.get(finding.kind)}
        for name, own in found.items()
        for seed, finding in own
    ]
    if not found:
        return None
    well = sum(not own for own in found.values())
    head = ("name", "kind", "seed", "epoch", "step", "parameter", "norm", "times")
    columns = dict(zip(head, ("model", "finding", *head[2:]), strict=True))
    listed = frame(
        "Findings, where each was first seen", pd.DataFrame(rows), columns, len(rows) > LONG
    )
    return Section(
        "findings",
        "D3 · What runs found wrong with their gradients",
        (f"{count(len(found))} models recorded their gradients. {count(well)} have no findings.",),
        tables=(listed,) if listed else (),
    )
