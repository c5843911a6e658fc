"""One picture a lecture: every experiment's headline figure, its spread, and the best possible."""

from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

OURS, FLOOR, BASELINE = "#1f6f8b", "#b5541c", "#8a8a8a"


def draw(table: pd.DataFrame, metric: str, title: str, target: Path) -> bool:
    """One panel a dataset; the same table gives the same bytes. False: nothing to draw."""
    lines = table[(table["metric"] == metric) & (table["protocol"] != "lecture")]
    groups = [(str(protocol), group) for protocol, group in lines.groupby("protocol", sort=False)]
    if not groups:
        return False
    matplotlib.use("svg")
    with plt.rc_context({"svg.hashsalt": title, "font.size": 9, "axes.titlesize": 9}):
        heights = [len(group) + 1 for _, group in groups]
        figure, axes = plt.subplots(
            len(groups),
            sharex=True,
            squeeze=False,
            figsize=(7.2, 0.6 + 0.28 * sum(heights)),
            gridspec_kw={"height_ratios": heights},
            layout="constrained",
        )
        for axis, (protocol, group) in zip(axes[:, 0], groups, strict=True):
            _panel(axis, protocol, group)
        axes[-1, 0].set_xlabel(metric)
        target.parent.mkdir(parents=True, exist_ok=True)
        # No date and no random ids: the picture is in git.
        figure.savefig(target, metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return True


def _panel(axis: Axes, title: str, group: pd.DataFrame) -> None:
    ordered = group.sort_values("ours", ascending=True)
    colours = [BASELINE if verdict == "baseline" else OURS for verdict in ordered["verdict"]]
    places = range(len(ordered))
    spreads = ordered["spread"].fillna(0).astype(float)
    axis.hlines(places, ordered["ours"] - spreads, ordered["ours"] + spreads, colours, linewidth=2)
    axis.scatter(ordered["ours"], places, c=colours, s=28, zorder=3)
    floor = ordered["floor"].max()
    if floor == floor:
        axis.axvline(floor, color=FLOOR, linestyle="--", linewidth=1)
        axis.annotate(
            "best possible",
            (floor, len(ordered) - 0.45),
            xytext=(-3, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            color=FLOOR,
            fontsize=7,
        )
    axis.set_yticks(list(places), list(ordered["experiment"]))
    axis.set_ylim(-0.6, len(ordered) - 0.2)
    axis.set_title(title, loc="left")
    axis.grid(axis="x", alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
