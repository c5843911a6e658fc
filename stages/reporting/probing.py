"""What trained networks were examined for: gradients through time, and clipping."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from stages.reporting import drawing
from stages.reporting.drawing import DASHES, INK, SERIES
from stages.reporting.lines import column, grouped, read_table
from stages.reporting.trainings import binned
from stages.reporting.views import Chart, Key, Section

STATES = {"h": 0, "c": 1, "c, forget gates alone": 2}
WHENS = ("before", "after")
Records = Sequence[dict[str, str]]


def through_time(folder: Path, order: Sequence[str]) -> Section | None:
    """D4, B4: the gradient at each step back from the loss, before and after training."""
    by_name = grouped(read_table(folder / "through_time.csv"), "experiment", order)
    charts = tuple(_back(name, records) for name, records in by_name.items())
    if not charts:
        return None
    return Section(
        "through-time",
        "The gradient through time: RNN, GRU 门控循环单元 and LSTM 长短期记忆",
        text=(
            "How long is the gradient of the loss by the state so many steps earlier? Solid: "
            "measured, median and quartiles over records. Dashed: what the norms of the "
            "Jacobians allow at most. A line that falls straight vanishes (梯度消失) by the same "
            "factor each step.",
        ),
        charts=charts,
        rows=("D4", "B4"),
    )


def _back(name: str, records: Records) -> Chart:
    states = list(grouped(records, "state"))
    whens = [when for when in WHENS if any(record["when"] == when for record in records)]

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(whens), sharey=True, squeeze=False)[0]
        for axis, when in zip(panels, whens, strict=True):
            for state in states:
                own = [r for r in records if r["when"] == when and r["state"] == state]
                colour = SERIES[_place(state, states)]
                back = column(own, "back")
                low, high = column(own, "low"), column(own, "high")
                axis.fill_between(back, low, high, color=colour, alpha=0.15, linewidth=0)
                axis.plot(back, column(own, "gradient"), color=colour)
                axis.plot(
                    back, column(own, "bound"), color=colour, linestyle=(0, (4, 3)), linewidth=1.2
                )
            axis.set_title(f"{when} training", loc="left")
            axis.set_xlabel("steps back")
            axis.locator_params(axis="x", integer=True, nbins=5)
        drawing.logarithmic(panels[0])
        panels[0].set_ylabel("norm of the gradient")

    kept = [f"{state}: {_kept(records, state)}" for state in states]
    caption = "What is left of the gradient at the furthest step, after training: " + ", ".join(
        kept
    )
    legend = tuple(Key(state, f"--s{_place(state, states) + 1}") for state in states)
    legend += (Key("bound", "--ink", "4 3"),)
    label = f"Gradient of {name} by steps back from the loss, log scale"
    return Chart(name, f"{caption}.", drawing.draw(f"back-{name}", label, paint), legend)


def _place(state: str, states: Sequence[str]) -> int:
    return STATES.get(state, states.index(state) % len(SERIES))


def _kept(records: Records, state: str) -> str:
    own = [r for r in records if r["state"] == state and r["when"] == WHENS[-1]]
    values = column(sorted(own, key=lambda record: float(record["back"])), "gradient")
    return f"{values[-1] / values[0]:.1%}" if values and values[0] else "unknown"


def clipping(folder: Path, order: Sequence[str]) -> Section | None:
    """D2: clipping each parameter alone, as the lecture's code does, against the global norm."""
    by_name = grouped(read_table(folder / "clipping.csv"), "experiment", order)
    charts = tuple(_clipped(name, records) for name, records in by_name.items())
    if not charts:
        return None
    return Section(
        "clipping",
        "Gradient clipping 裁剪梯度: each parameter alone, or the global norm",
        text=(
            "Algorithm 1 of the lecture rescales the whole gradient and keeps its direction; "
            "its code clips each parameter alone, which turns the step.",
        ),
        charts=charts,
        rows=("D2",),
    )


def _clipped(name: str, records: Records) -> Chart:
    first = [record for record in records if record["seed"] == records[0]["seed"]]
    steps = binned(column(first, "step"))
    norms = {"norm": INK, "norm_each": SERIES[1], "norm_global": SERIES[0]}

    def paint(figure: Figure) -> None:
        lengths, turns = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for n, (key, colour) in enumerate(norms.items()):
            style = drawing.dashed(DASHES[n])
            lengths.plot(steps, binned(column(first, key)), color=colour, linestyle=style)
        drawing.logarithmic(lengths)
        lengths.set_ylabel("length")
        turns.plot(steps, binned(column(first, "cosine_each")), color=SERIES[1])
        turns.axhline(1, color=SERIES[0], linewidth=1.2)
        turns.set_ylabel("cosine")
        turns.set_xlabel("step")

    cosines = [value for value in column(records, "cosine_each") if value == value]
    caption = (
        f"Clipped each alone, the step keeps a cosine of {float(np.median(cosines)):.3f} with the "
        f"gradient at the median, {min(cosines):.3f} at worst; clipped globally always 1."
    )
    legend = (
        Key("not clipped", "--ink"),
        Key("each parameter alone", "--s2", DASHES[1]),
        Key("global norm", "--s1", DASHES[2]),
    )
    label = f"Length and direction of the step of {name}, clipped in two ways"
    return Chart(name, caption, drawing.draw(f"clip-{name}", label, paint, 3.8), legend)
