"""What trainings recorded of themselves: gradient norms by step, and what went wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from recurrent.report import drawing
from recurrent.report.drawing import DASHES, INK, SERIES
from recurrent.report.lines import column, number, read_json, read_table
from recurrent.report.views import Cell, Chart, Fold, Key, Section, Table

BINS = 80  # points of a curve: the median of the steps between
MOST = 12  # charts: each experiment has its file, but a page has an end
NAMED = {"seed", "epoch", "step", "total"}
KINDS = {
    "exploding": "exploding 梯度爆炸",
    "vanishing": "vanishing 梯度消失",
    "not a number": "not a number",
}


def norms(folder: Path, wanted: Sequence[str], ill: Sequence[str]) -> Section | None:
    """D3: gradient norms while training; those that went wrong first, then as `wanted`."""
    order = list(dict.fromkeys([*ill, *wanted]))
    charts = [c for n in order[:MOST] if (c := _norms(n, read_table(folder / f"{n}.csv")))]
    if not charts:
        return None
    text = [
        "The norm of the gradient of each parameter while training, first seed, before any "
        "clipping: the median of the steps between two points."
    ]
    if len(order) > MOST:
        text.append(f"{MOST} of {len(order)} experiments: the others are in metrics/gradients.")
    return Section(
        "gradient-norms", "Gradient norms 梯度范数", tuple(text), tuple(charts), rows=("D3",)
    )


def _norms(name: str, records: Sequence[dict[str, str]]) -> Chart | None:
    if not records:
        return None
    first = [record for record in records if record["seed"] == records[0]["seed"]]
    parameters = [key for key in first[0] if key not in NAMED]
    curves = {key: binned(column(first, key)) for key in (*parameters, "total")}
    steps = column(first, "step")
    if steps != sorted(steps):  # counted anew in each epoch
        steps = [float(place) for place in range(1, len(first) + 1)]
    steps = [float(step) for step in binned(steps)]
    by_size = sorted(parameters, key=lambda key: -float(np.nanmedian(curves[key])))
    half = len(SERIES) // 2  # one that vanishes is among the smallest
    drawn_ones = by_size if len(by_size) <= len(SERIES) else by_size[:half] + by_size[-half:]
    keys = {key: (SERIES[n], DASHES[n]) for n, key in enumerate(drawn_ones)}

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for key, (colour, dash) in keys.items():
            axis.plot(
                steps, curves[key], color=colour, linestyle=drawing.dashed(dash), linewidth=1.4
            )
        axis.plot(steps, curves["total"], color=INK, linewidth=2)
        drawing.logarithmic(axis)
        axis.set_xlabel("step")
        axis.set_ylabel("norm")

    total = curves["total"]
    caption = (
        f"All together: {number(float(total[0]))} at first, {number(float(total[-1]))} at last, "
        f"{number(float(np.nanmax(total)))} at most."
    )
    if hidden := len(parameters) - len(keys):
        caption += f" Drawn: the {half} largest and the {half} smallest; {hidden} lie between."
    legend = [Key("all together", "--ink")]
    legend += [Key(k, f"--s{SERIES.index(c) + 1}", dash) for k, (c, dash) in keys.items()]
    drawn = drawing.draw(f"norms-{name}", f"Gradient norms of {name} by step", paint)
    return Chart(name, caption, drawn, tuple(legend))


def binned(values: Sequence[float]) -> np.ndarray:
    """At most BINS medians of neighbours."""
    parts = np.array_split(np.array(values), min(BINS, len(values)))
    return np.array(
        [
            np.median(part[np.isfinite(part)]) if np.isfinite(part).any() else np.nan
            for part in parts
        ]
    )


def ill(folder: Path, watched: Sequence[str]) -> list[str]:
    """Experiments whose training found something wrong with itself."""
    return [name for name, report in _reports(folder, watched).items() if not report["healthy"]]


def health(folder: Path, watched: Sequence[str]) -> Section | None:
    """What trainings found wrong with themselves: one line an experiment, and each finding."""
    reports = _reports(folder, watched)
    if not reports:
        return None
    rows, every = [], []
    for name, report in reports.items():
        findings = report["findings"]
        for one in findings:
            values = (one.get(key) for key in ("seed", "epoch", "step", "parameter", "norm"))
            cells = (Cell(_text(value)) for value in values)
            kind = KINDS.get(str(one["kind"]), str(one["kind"]))
            every.append((Cell(name), Cell(kind), *cells, Cell(str(one.get("message", "")))))
        if findings:
            kinds = [str(one["kind"]) for one in findings]
            counted = ", ".join(
                f"{KINDS.get(k, k)}: {kinds.count(k)}" for k in dict.fromkeys(kinds)
            )
            rows.append((Cell(name), Cell(counted), Cell(str(findings[0].get("message", "")))))
    well = len(reports) - len(rows)
    text = f"{len(reports)} trainings watched their own gradients; {well} found nothing wrong."
    summary = Table("Trainings with findings", ("experiment", "findings", "the first"), tuple(rows))
    head = ("experiment", "kind", "seed", "epoch", "step", "parameter", "norm", "message")
    fold = Fold(f"Every finding ({len(every)})", (Table("Findings", head, tuple(every)),))
    return Section(
        "health",
        "What trainings found wrong with themselves",
        (text,),
        tables=(summary,) if rows else (),
        folds=(fold,) if rows else (),
        rows=("D3",),
    )


def _reports(
    folder: Path, watched: Sequence[str]
) -> dict[str, Mapping[str, list[Mapping[str, object]]]]:
    paths = {name: folder / f"{name}.json" for name in watched}
    return {name: read_json(path) for name, path in paths.items() if path.is_file()}


def _text(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    return "" if value is None else str(value)
