"""What clipping makes of a step: its length and its direction, by three ways to clip."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from recurrent.report import drawing
from recurrent.report.drawing import DASHES, INK, SERIES
from recurrent.report.lines import column, grouped, read_table
from recurrent.report.views import Chart, Key, Section

WAYS = {"global": "all together", "each": "each parameter alone", "last": "the last one alone"}
Records = Sequence[dict[str, str]]


def clipping(folder: Path, order: Sequence[str]) -> Section | None:
    """D2: algorithm 1, each parameter alone, and the lecture's listing as it is printed."""
    charts = []
    for name, records in grouped(read_table(folder / "clipping.csv"), "experiment", order).items():
        for threshold in dict.fromkeys(record["threshold"] for record in records):
            at = [record for record in records if record["threshold"] == threshold]
            charts.append(_chart(name, threshold, at))
    if not charts:
        return None
    return Section(
        "clipping",
        "Gradient clipping 裁剪梯度: all together, each parameter alone, or the last",
        text=(
            "Algorithm 1 of the lecture rescales the whole gradient and keeps its direction. "
            "Clipping each parameter alone turns the step. The lecture's listing, as printed, "
            "clips after its loop over the parameters, and so the last parameter alone.",
        ),
        charts=tuple(charts),
        rows=("D2",),
    )


def _chart(name: str, threshold: str, records: Records) -> Chart:
    first = [record for record in records if record["seed"] == records[0]["seed"]]
    steps = column(first, "step")

    def paint(figure: Figure) -> None:
        lengths, turns = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        lengths.plot(steps, column(first, "norm"), color=INK, linewidth=1)
        for colour, dash, way in zip(SERIES, DASHES, WAYS, strict=False):
            style = {"color": colour, "linestyle": drawing.dashed(dash)}
            lengths.plot(steps, column(first, f"norm_{way}"), **style)
            turns.plot(steps, column(first, f"cosine_{way}"), **style)
        drawing.logarithmic(lengths)
        lengths.set_ylabel("length")
        turns.set_ylabel("cosine")
        turns.set_xlabel("step")

    clipped = [r for r in records if float(r["norm"]) > float(threshold)]
    caption = (
        f"{len(clipped)} of {len(records)} steps, of all seeds, are longer than {threshold}. Among "
        f"them the cosine between the step and the gradient is {_turned(clipped, 'each')} clipped "
        f"each alone, {_turned(clipped, 'last')} by the last alone, and 1 all together."
        if clipped
        else f"No step is longer than {threshold}: nothing is clipped."
    )
    legend = (
        Key("not clipped", "--ink"),
        *(Key(said, f"--s{n}", DASHES[n - 1]) for n, said in enumerate(WAYS.values(), 1)),
    )
    label = f"Length and direction of the steps of {name}, clipped at {threshold} in three ways"
    drawn = drawing.draw(f"clip-{name}-{threshold}", label, paint, 3.8)
    return Chart(f"{name}, at {threshold}", caption, drawn, legend)


def _turned(records: Records, way: str) -> str:
    cosines = column(records, f"cosine_{way}")
    return f"{np.median(cosines):.3f} at the median ({min(cosines):.3f} at worst)"
