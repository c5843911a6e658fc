"""Training curves: a chart for each experiment, and a table of each lecture for `dvc plots`."""

import pandas as pd
from matplotlib.figure import Figure

from recurrent.report.charts import draw, legend_below, log_if_wide, look, parts
from recurrent.report.inputs import Inputs, perplexity
from recurrent.report.numbers import number
from recurrent.report.views import Chart, Section, section

CURVES = ("train_loss", "valid_loss", "gradient_norm")
KINDS = {"train_loss": "Training", "valid_loss": "Validation"}


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


def charts(inputs: Inputs, lecture: str) -> Section | None:
    """Return charts of losses by epoch, or of perplexities if the lecture publishes those."""
    numbers = inputs.lectures[lecture].numbers
    as_perplexity = any("perplexity" in number.metric for number in numbers)
    found: list[Chart | None] = []
    for title, names in _groups(inputs, lecture).items():
        for shown in parts(names):
            curves = {name: inputs.history(name.split("/")[0]) for name in shown}
            found += [
                _chart(f"{called}: {title}", column, curves, as_perplexity)
                for column, called in KINDS.items()
            ]
    text = "Lines are means over the seeds; bands reach from the lowest to the highest seed."
    return section(f"{lecture}-curves", "Training curves", [text], found)


def _groups(inputs: Inputs, lecture: str) -> dict[str, list[str]]:
    """Group variants into charts: by experiment, or by dataset for those with one variant."""
    found: dict[str, list[str]] = {}
    for key, experiment in inputs.config.experiments.items():
        if experiment.lecture != lecture:
            continue
        history = inputs.history(key)
        names = [
            f"{key}/{variant}"
            for variant in experiment.variants
            if history.loc[history["variant"] == variant, "epoch"].nunique() > 1
        ]
        title = experiment.title if len(names) > 1 else f"on {experiment.dataset}"
        if names:
            found.setdefault(title, []).extend(names)
    return found


def _chart(
    title: str, column: str, curves: dict[str, pd.DataFrame], as_perplexity: bool
) -> Chart | None:
    tables: dict[str, pd.DataFrame] = {}
    for name, history in curves.items():
        own = history[history["variant"] == name.split("/")[1]]
        if column in own and own[column].notna().any():
            found = own.groupby("epoch")[column].agg(["mean", "min", "max"]).dropna()
            tables[name] = found.map(perplexity) if as_perplexity else found
    if not tables:
        return None
    ends = {name: float(table["mean"].iloc[-1]) for name, table in tables.items()}

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        for place, name in enumerate(curves):  # a variant looks the same on both charts
            if name in tables:
                drawn, style = tables[name], look(place)
                low, high = drawn["min"], drawn["max"]
                axis.fill_between(
                    drawn.index, low, high, color=style["color"], alpha=0.15, linewidth=0
                )
                axis.plot(drawn.index, drawn["mean"], label=name, **style)
        log_if_wide(axis, [value for drawn in tables.values() for value in drawn["mean"]])
        axis.set_xlabel("epoch")
        axis.set_ylabel("perplexity" if as_perplexity else "loss")
        axis.locator_params(axis="x", integer=True, nbins=7)
        legend_below(figure)

    best = min(ends, key=lambda name: ends[name])
    caption = f"{best} ends lowest, at {number(ends[best])}."
    return draw(title, caption, paint, height=2.8 + 0.11 * len(tables))
