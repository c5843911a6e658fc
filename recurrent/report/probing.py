"""What trained networks were examined for: gradients through time, and clipping."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recurrent.report import drawing
from recurrent.report.curves import parts
from recurrent.report.drawing import SERIES
from recurrent.report.lines import column, grouped, read_table
from recurrent.report.views import Chart, Key, Section

STATES = {"h": 0, "c": 1, "c, forget gates alone": 2}
WHENS = ("before", "after")
ABOVE = 300  # times the longest gradient: where a bound is cut off
Records = Sequence[dict[str, str]]


def through_time(folder: Path, order: Sequence[str]) -> Section | None:
    """D4, B4: the gradient at each step back from the loss, before and after training."""
    table = read_table(folder / "through_time.csv")
    corpora = [*dict.fromkeys(record["corpus"] for record in table)]
    of_corpora = [
        _corpus(corpus, part, [r for r in table if r["experiment"] in part])
        for corpus in corpora
        for part in parts([*_names(table, corpus, order)])
    ]
    by_name = grouped(table, "experiment", order)
    cells = [_back(n, r) for n, r in by_name.items() if {one["state"] for one in r} != {"h"}]
    if not table:
        return None
    return Section(
        "through-time",
        "The gradient through time: RNN, GRU 门控循环单元 and LSTM 长短期记忆",
        text=(
            "How long is the gradient of the loss by the hidden state so many steps earlier? "
            "Solid: measured, the median over records. Dashed: what the norms of the Jacobians "
            "allow at most, as far as the picture goes. A line that falls straight vanishes "
            "(梯度消失) by the same factor each step.",
        ),
        charts=(*of_corpora, *cells),
        rows=("D4", "B4"),
    )


def _names(table: Records, corpus: str, order: Sequence[str]) -> Iterable[str]:
    return grouped([r for r in table if r["corpus"] == corpus], "experiment", order)


def _corpus(corpus: str, names: Sequence[str], table: Records) -> Chart:
    """The networks on one corpus, beside each other."""
    by_name = grouped([r for r in table if r["state"] == "h"], "experiment", names)

    def paint(figure: Figure) -> None:
        axes = figure.subplots(1, len(WHENS), sharex=True, sharey=True)
        for axis, when in zip(axes, WHENS, strict=True):
            for colour, records in zip(SERIES, by_name.values(), strict=False):
                own = [record for record in records if record["when"] == when]
                back = column(own, "back")
                axis.plot(back, column(own, "gradient"), color=colour)
                bound = column(own, "bound")
                axis.plot(back, bound, color=colour, linestyle=(0, (4, 3)), linewidth=1)
            axis.set_title(f"{when} training", loc="left")
            axis.set_xlabel("steps back")
            axis.locator_params(axis="x", integer=True, nbins=5)
            drawing.logarithmic(axis)
        axes[0].set_ylabel("length of the gradient")
        _cut(axes[0], [record for records in by_name.values() for record in records])

    kept = [f"{name} {_kept(records, 'h')}" for name, records in by_name.items()]
    caption = (
        "The furthest gradient as a part of the nearest, after training: " + ", ".join(kept) + "."
    )
    legend = tuple(Key(name, f"--s{n}") for n, name in enumerate(by_name, 1))
    legend += (Key("bound", "--ink", "4 3"),)
    drawn = drawing.draw(f"time-{corpus}-{names[0]}", f"Gradients through time on {corpus}", paint)
    return Chart(f"On {corpus}", caption, drawn, legend)


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
        panels[0].set_ylabel("length of the gradient")
        _cut(panels[0], records)

    kept = [f"{state}: {_kept(records, state)}" for state in states]
    caption = "The furthest gradient as a part of the nearest, after training: " + ", ".join(kept)
    legend = tuple(Key(state, f"--s{_place(state, states) + 1}") for state in states)
    legend += (Key("bound", "--ink", "4 3"),)
    label = f"Gradient of {name} by steps back from the loss, log scale"
    return Chart(name, f"{caption}.", drawing.draw(f"back-{name}", label, paint), legend)


def _place(state: str, states: Sequence[str]) -> int:
    return STATES.get(state, states.index(state) % len(SERIES))


def _kept(records: Records, state: str) -> str:
    own = [r for r in records if r["state"] == state and r["when"] == WHENS[-1]]
    values = column(sorted(own, key=lambda record: float(record["back"])), "gradient")
    return f"{values[-1] / values[0]:.2g}" if values and values[0] else "unknown"


def _cut(axis: Axes, records: Records) -> None:
    """What is measured fills the picture; a bound may leave it."""
    lengths = [v for v in column(records, "gradient") if v > 0]
    if lengths:
        axis.set_ylim(min(lengths) / 3, max(lengths) * ABOVE)
