"""One picture a lecture: every experiment's headline figure, its spread, and the best possible."""

from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from recurrent.report.verdicts import is_baseline

OURS, FLOOR, BASELINE = "#1f6f8b", "#b5541c", "#8a8a8a"


def draw(table: pd.DataFrame, metric: str, better: str, title: str, target: Path) -> bool:
    """One panel a set of held-out records; the same table, the same bytes. False: nothing."""
    held_out = table["protocol"].str.startswith("held-out,")
    lines = table[(table["metric"] == metric) & held_out]
    lines = lines.assign(ours=pd.to_numeric(lines["ours"]))
    groups = [(str(protocol), group) for protocol, group in lines.groupby("protocol", sort=False)]
    if not groups:
        return False
    matplotlib.use("svg")
    with plt.rc_context({"svg.hashsalt": title, "font.size": 9, "axes.titlesize": 9}):
        heights = [len(group) + 1 for _, group in groups]
        figure, axes = plt.subplots(
            len(groups),
            squeeze=False,
            figsize=(7.2, 0.6 + 0.28 * sum(heights)),
            gridspec_kw={"height_ratios": heights},
            layout="constrained",
        )
        for axis, (protocol, group) in zip(axes[:, 0], groups, strict=True):
            _panel(axis, protocol, group.sort_values("ours", ascending=better == "higher"))
        axes[-1, 0].set_xlabel(metric)  # of all: each panel has a scale of its own
        target.parent.mkdir(parents=True, exist_ok=True)
        # No date and no random ids: the picture is in git.
        figure.savefig(target, metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return True


def _panel(axis: Axes, title: str, ordered: pd.DataFrame) -> None:
    """The best on top."""
    colours = [BASELINE if is_baseline(verdict) else OURS for verdict in ordered["verdict"]]
    places = range(len(ordered))
    spreads = ordered["spread"].fillna(0).astype(float)
    axis.hlines(places, ordered["ours"] - spreads, ordered["ours"] + spreads, colours, linewidth=2)
    axis.scatter(ordered["ours"], places, c=colours, s=28, zorder=3)
    floor = ordered["floor"].max()
    if floor == floor:
        left = floor > ordered["ours"].mean()  # of the line there is room
        axis.axvline(floor, color=FLOOR, linestyle="--", linewidth=1)
        axis.annotate(
            "best possible",
            (floor, len(ordered) - 0.45),
            xytext=(-3 if left else 3, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            color=FLOOR,
            fontsize=7,
        )
    axis.set_yticks(list(places), list(ordered["experiment"]))
    axis.set_ylim(-0.6, len(ordered) - 0.2)
    axis.set_title(title, loc="left")
    axis.grid(axis="x", alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
