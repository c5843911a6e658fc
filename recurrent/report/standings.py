"""Who stands where on one set of held-out records: the pictures of the headline figures."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recurrent.evaluation.line import Line
from recurrent.report import drawing
from recurrent.report.drawing import BASE, FLOOR, INK, SERIES
from recurrent.report.tables import known
from recurrent.report.verdicts import is_baseline
from recurrent.report.views import Chart, Key

NETWORK, BASELINE, BEST = (
    Key("network", "--s1"),
    Key("no network", "--base"),
    Key("best possible", "--floor", "4 3"),
)


class Gap(NamedTuple):
    """One set of records: the best model without a network, and how far networks go from there."""

    name: str
    baseline: Line | None
    best: Line | None  # of the networks
    networks: tuple[Line, ...]

    def share(self, line: Line) -> float | None:
        """How much of the way from the baseline to the best possible; None where unknown."""
        if self.baseline is None or line.floor is None:
            return None
        way = known(self.baseline) - line.floor
        return (known(self.baseline) - known(line)) / way if way else None


def gap(name: str, best_first: Sequence[Line]) -> Gap:
    """Lines of one set of records, baselines and networks apart."""
    baselines = [line for line in best_first if is_baseline(line.verdict)]
    networks = tuple(line for line in best_first if not is_baseline(line.verdict))
    return Gap(name, next(iter(baselines), None), next(iter(networks), None), networks)


def gaps(found: Sequence[Gap]) -> Chart | None:
    """How much of what can be learnt beyond counting the networks learn, on each set of records."""
    shown = {g.name: [s for line in g.networks if (s := g.share(line)) is not None] for g in found}
    shown = {name: shares for name, shares in shown.items() if shares}
    if not shown:
        return None
    title = "How near to the best possible do networks come?"

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for place, shares in enumerate(reversed(shown.values())):
            _way(axis, place, shares)
        for place, name in enumerate(reversed(shown)):
            axis.text(-78, place + 0.36, name, fontsize=10, va="center")
        places = [*range(len(shown))]
        bottom, top = [p - 0.18 for p in places], [p + 0.18 for p in places]
        axis.vlines([0] * len(places), bottom, top, color=BASE, linewidth=2)
        axis.vlines([100] * len(places), bottom, top, color=FLOOR, linewidth=2)
        axis.grid(False)
        axis.set_xlim(-80, 106)
        axis.set_ylim(-0.5, len(shown) - 0.3)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        axis.set_xticks(
            [-50, 0, 50, 100], ["−50 %", "best without\na network", "50 %", "best\npossible"]
        )

    return Chart(
        title,
        "Each dot is a network, on records that nothing was trained on or chosen by. 0 is the best "
        "model without a network, 100 % what the corpus's own source reaches by Bayes' rule. "
        "The large dot is the best network; an arrow at the left edge counts those further left.",
        drawing.draw("gaps", title, paint, height=0.9 + 0.62 * len(shown)),
    )


def _way(axis: Axes, place: int, shares: Sequence[float]) -> None:
    percent = [100 * share for share in shares]
    inside = [value for value in percent if value >= -80]
    best = max(percent)
    axis.plot([0, 100], [place, place], color=BASE, linewidth=1, alpha=0.6)
    axis.scatter(inside, [place] * len(inside), s=26, color=SERIES[0], alpha=0.55, linewidths=0)
    axis.scatter([best], [place], s=85, color=SERIES[0], zorder=4, linewidths=0)
    axis.annotate(
        f"{best:.0f} %".replace("-", "−"),
        (best, place),
        (0, -13),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=10,
    )
    if len(inside) < len(percent):
        axis.text(-78, place, f"← {len(percent) - len(inside)}", va="center", fontsize=10)


def panel(key: str, title: str, metric: str, better: str, best_first: Sequence[Line]) -> Chart:
    """Every experiment on one set of records, the best on top."""
    lines = [*reversed(best_first)]
    floors = [line.floor for line in lines if line.floor is not None]
    baselines = any(is_baseline(line.verdict) for line in lines)

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        values = [known(line) for line in lines]
        for place, line in enumerate(lines):
            colour = BASE if is_baseline(line.verdict) else SERIES[0]
            spread = line.spread or 0.0
            middle = known(line)
            axis.plot([middle - spread, middle + spread], [place, place], color=colour, linewidth=2)
            marker = "s" if is_baseline(line.verdict) else "o"
            axis.plot([middle], [place], marker, color=colour, markersize=6)
        if floors:
            axis.axvline(floors[0], color=FLOOR, linewidth=1.4, linestyle=(0, (4, 3)))
            values.append(floors[0])
        axis.set_yticks(range(len(lines)), [line.experiment for line in lines])
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(-0.6, len(lines) - 0.4)
        axis.locator_params(axis="x", nbins=5)
        axis.set_xlabel(f"{metric} ({'higher' if better == 'higher' else 'lower'} is better)")

    legend = (NETWORK, *([BASELINE] if baselines else []), *([BEST] if floors else []))
    best = best_first[0]
    return Chart(
        title,
        f"{best.experiment} stands best. Bars: ± the standard deviation of several seeds"
        + ("; squares: no network." if baselines else "."),
        drawing.draw(key, f"{metric}: {title}", paint, height=0.75 + 0.26 * len(lines)),
        legend,
    )


def distances(found: Mapping[str, Sequence[tuple[float, str]]]) -> Chart | None:
    """Every comparable printed figure by its distance from ours, in units of what is allowed."""
    shown = {row: points for row, points in found.items() if points}
    if not shown:
        return None
    title = "How far is ours from the printed figure?"
    looks = {"reproduced": (SERIES[0], "o"), "better": (SERIES[2], "P"), "not": (SERIES[1], "X")}

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.axvspan(-1, 1, color=SERIES[0], alpha=0.12, linewidth=0)
        axis.axvline(0, color=INK, linewidth=0.8)
        for place, points in enumerate(reversed(shown.values())):
            for distance, label in points:
                colour, marker = looks[label.split()[0]]
                size = 34 if marker == "o" else 60
                axis.scatter([distance], [place], s=size, c=colour, marker=marker, linewidths=0)
        furthest = max(1.0, *(abs(d) for points in shown.values() for d, _ in points))
        limit = 1.25 * furthest + 0.25
        if limit > 6:
            axis.set_xscale("symlog", linthresh=1.5)
        axis.set_xlim(-limit, limit)
        axis.set_xticks([-1, 0, 1], ["allowed", "as printed", "allowed"])
        axis.set_yticks(range(len(shown)), [*reversed(shown)])
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(-0.6, len(shown) - 0.4)
        axis.set_xlabel("← ours is better  |  ours is worse →")

    legend = (
        Key("● reproduced", "--s1"),
        Key("✚ better", "--s3"),
        Key("✖ not reproduced", "--s2"),
    )
    return Chart(
        title,
        "Each mark is a printed figure, by its row. In the shaded band ours is within the "
        "tolerance stated for it, or within two standard deviations of the seeds.",
        drawing.draw("distances", title, paint, height=0.95 + 0.24 * len(shown)),
        legend,
    )
