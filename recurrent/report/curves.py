"""Training curves: charts of networks by epoch, and a table of each lecture for `dvc plots`."""

from collections.abc import Mapping, Sequence
from math import log

import pandas as pd
from matplotlib.figure import Figure

from recurrent.evaluation.aggregate import perplexity
from recurrent.report.charts import (
    PUBLISHED,
    draw,
    legend_below,
    log_if_wide,
    looks,
    parts,
    perplexities,
    thinned,
)
from recurrent.report.inputs import Inputs
from recurrent.report.numbers import number
from recurrent.report.views import Chart, Section, section

CURVES = ("train_loss", "valid_loss", "gradient_norm")
KINDS = {"train_loss": "Training", "valid_loss": "Validation"}
BANDS = "Lines are means over the seeds; bands reach from the lowest to the highest seed."


def means(inputs: Inputs, lecture: str) -> pd.DataFrame:
    """Return means over seeds, for variants that train for two or more epochs."""
    found = [pd.DataFrame(columns=["experiment", "variant", "epoch", *CURVES])]
    for key, experiment in inputs.config.experiments.items():
        if experiment.lecture == lecture:
            history = inputs.history(key).reindex(columns=["variant", "epoch", *CURVES])
            mean = history.groupby(["variant", "epoch"], as_index=False, sort=False).mean()
            mean.insert(0, "experiment", key)
            found.append(mean[mean.groupby("variant")["epoch"].transform("nunique") > 1])
    return pd.concat([table for table in found if not table.empty] or found)


def systems(inputs: Inputs, lecture: str) -> Chart | None:
    """Return one chart of the networks for which the lecture publishes numbers by epoch."""
    numbers = [one for one in inputs.lectures[lecture].numbers if one.name and one.epoch]
    named = dict.fromkeys(str(one.name) for one in numbers)
    names = [name for name in named if _epochs(inputs, name) > 1]
    comparable = {row.id for row in inputs.published if row.verdict}
    marks: dict[str, dict[int, float]] = {}
    for one in numbers:
        drawn = one.metric in ("train_loss", "train_perplexity")  # the smoothed loss is another
        if one.id in comparable and drawn and isinstance(one.published, float):
            marks.setdefault(str(one.name), {})[int(one.epoch or 0)] = one.published
    if len(names) < 2:  # a single curve is among all curves
        return None
    return _chart(inputs, "The lecture's networks", {"train_loss": "Training"}, names, marks)


def charts(inputs: Inputs, lecture: str) -> Section | None:
    """Return charts of losses by epoch, or of perplexities if the lecture publishes those."""
    found = [
        _chart(inputs, title, KINDS, shown)
        for title, names in _groups(inputs, lecture).items()
        for shown in parts(names)
    ]
    return section(f"{lecture}-curves", "All training curves", [BANDS], found, folded=True)


def _epochs(inputs: Inputs, name: str) -> int:
    experiment, _, variant = name.partition("/")
    history = inputs.history(experiment)
    return int(history.loc[history["variant"] == variant, "epoch"].nunique())


def _groups(inputs: Inputs, lecture: str) -> dict[str, list[str]]:
    """Group variants into charts: by experiment, or by dataset for those with one variant."""
    found: dict[str, list[str]] = {}
    for key, experiment in inputs.config.experiments.items():
        if experiment.lecture != lecture:
            continue
        names = [f"{key}/{variant}" for variant in experiment.variants]
        names = [name for name in names if _epochs(inputs, name) > 1]
        title = experiment.title if len(names) > 1 else f"on {experiment.dataset}"
        if names:
            found.setdefault(title, []).extend(names)
    return found


def _chart(
    inputs: Inputs,
    title: str,
    kinds: Mapping[str, str],
    names: Sequence[str],
    published: Mapping[str, Mapping[int, float]] | None = None,
) -> Chart | None:
    """Return a chart with a panel for each kind of loss; without any, None."""
    panels = {column: _by_epoch(inputs, column, names) for column in kinds}
    panels = {column: tables for column, tables in panels.items() if tables}
    if not panels:
        return None
    lecture = inputs.lectures[inputs.known[names[0]].lecture]
    as_perplexity = any("perplexity" in one.metric for one in lecture.numbers)
    lines = dict(zip(names, looks(map(inputs.known.get, names)), strict=True))
    marks = published or {}

    def paint(figure: Figure) -> None:
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, (column, tables) in zip(axes, panels.items(), strict=True):
            for name, drawn in tables.items():
                style, epochs = lines[name], drawn.index
                low, high = drawn["min"], drawn["max"]
                if (low < high).any():
                    axis.fill_between(epochs, low, high, color=style["color"], alpha=0.15, lw=0)
                axis.plot(epochs, drawn["mean"], label=inputs.called(name), **style)
                # The axis has losses; it is labelled with their perplexities.
                known = marks.get(name, {})
                targets = [log(value) if as_perplexity else value for value in known.values()]
                axis.plot([*known], targets, "x", color=PUBLISHED, markeredgewidth=2)
            axis.set_title(kinds[column])
            axis.set_xlabel("epoch")
            axis.locator_params(axis="x", integer=True, nbins=7)
        heights = pd.concat(one["mean"] for tables in panels.values() for one in tables.values())
        (perplexities if as_perplexity else log_if_wide)(axes[0].yaxis, heights)
        axes[0].set_ylabel(f"{'perplexity' if as_perplexity else 'loss'}, lower is better")
        legend_below(figure)

    column, tables = [*panels.items()][-1]
    ends = {name: float(drawn["mean"].iloc[-1]) for name, drawn in tables.items()}
    best = min(ends, key=lambda name: ends[name])
    end = perplexity(ends[best]) if as_perplexity else ends[best]
    caption = f"{kinds[column]}: {inputs.called(best)} ends lowest, at {number(end)}."
    if marks:
        caption += " Crosses: published."
    return draw(title, caption, paint, height=2.8 + 0.11 * len(names))


def _by_epoch(inputs: Inputs, column: str, names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return mean, lowest and highest seed by epoch, for variants with two or more epochs."""
    found = {}
    for name in names:
        experiment, _, variant = name.partition("/")
        history = inputs.history(experiment)
        own = history[history["variant"] == variant].reindex(columns=["epoch", column]).dropna()
        if own["epoch"].nunique() > 1:
            found[name] = thinned(own.groupby("epoch")[column].agg(["mean", "min", "max"]))
    return found
