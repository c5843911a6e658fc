"""The tables of a lecture: published numbers, scores, comparisons, grids and caveats."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Comparison, Published, Score
from recurrent.report.inputs import Inputs, Records, perplexity
from recurrent.report.numbers import count, difference, number
from recurrent.report.views import Cell, Table, measured, name, printed, table

LONG = 12  # rows; longer tables are folded
VERDICTS = ("reproduced", "within seed noise", "differs")
NONE = "no verdict"
ONCE = " (one seed)"
PAIRED = "Difference ± its standard error on the same records; positive is better."
COMPARED = {
    "baseline": ("Against the best model without a network", PAIRED),
    "rival": ("Against the model to improve on", PAIRED),
    "held_out": (
        "Held-out records against the lecture's own",
        "The metric on held-out records minus the metric on the records that the lecture uses. "
        "If one text is harder than the other, the best possible differs as well.",
    ),
}


def tally(rows: Iterable[Published]) -> dict[str, int]:
    """Count the published numbers with each verdict."""
    counted = Counter(row.verdict or NONE for row in rows)
    return {verdict: counted[verdict] for verdict in (*VERDICTS, NONE)}


def tallies(inputs: Inputs) -> Table | None:
    """Return a table of verdict counts, with a row for each lecture."""
    rows = []
    for key, lecture in inputs.lectures.items():
        counted = tally(inputs.of(key, inputs.published))
        if any(counted.values()):
            cells = (Cell(count(found), "number") for found in counted.values())
            rows.append((Cell(lecture.title), *cells))
    return table("Published numbers", ("lecture", *tally([])), rows)


def labelled(lecture: Lecture, row: str) -> Cell:
    """Return the code of a row with its title."""
    return Cell(f"{row} · {lecture.rows[row]}" if row in lecture.rows else row)


def published(lecture: Lecture, rows: Sequence[Published]) -> list[Table | None]:
    """Return tables of published numbers and ours. A short one precedes a long one."""
    title = f"All {len(rows)} published numbers"
    if len(rows) <= LONG:
        return [_published(title, lecture, rows)]
    last = {row.row: row for row in rows}
    last |= {row.row: row for row in rows if row.ours is not None}
    last |= {row.row: row for row in rows if row.verdict}
    return [
        _published("The last number of each row", lecture, [*last.values()]),
        _published(title, lecture, rows, folded=True),
    ]


def _published(
    title: str, lecture: Lecture, rows: Sequence[Published], folded: bool = False
) -> Table | None:
    head = ("verdict", "row", "model", "metric", "published", "ours", "95 % interval", "seeds")
    cells = [
        (
            Cell(row.verdict or NONE, "verdict"),
            labelled(lecture, row.row),
            name(row.experiment, row.variant),
            Cell(what(row)),
            printed(row.published),
            measured(row.ours, row.sd),
            Cell(f"{number(row.low)} to {number(row.high)}" if row.low is not None else ""),
            Cell(
                count(row.seeds) if row.agree is None else f"{row.agree} of {row.seeds}", "number"
            ),
            measured(row.bayes),
            Cell(row.reason or ""),
        )
        for row in rows
    ]
    return table(title, (*head, "best possible", "reason"), cells, folded=folded)


def what(row: Published) -> str:
    """Return the metric of a published number, and its epoch."""
    if row.epoch is None:
        return f"{row.metric} of the ensemble" if row.ensemble else row.metric
    return f"{row.metric}, epoch {row.epoch}"


def scores(rows: Sequence[Score]) -> Table | None:
    """Return a table of every score of a lecture's models."""
    cells = [
        (
            name(row.experiment, row.variant),
            Cell(row.records),
            Cell(count(row.count), "number"),
            Cell(row.metric),
            measured(row.ours, row.sd),
            Cell(count(row.seeds), "number"),
            measured(row.ensemble),
            measured(row.bayes),
        )
        for row in rows
    ]
    head = ("model", "measured on", "records", "metric", "ours", "seeds", "ensemble")
    title = f"All {len(rows)} scores"
    return table(title, (*head, "best possible"), cells, folded=True)


def comparisons(rows: Sequence[Comparison]) -> list[Table | None]:
    """Return tables of compared models, one for each kind of comparison."""
    head = ("verdict", "model", "against", "metric", "difference", "difference of best possible")
    found = []
    for kind, (title, note) in COMPARED.items():
        cells = [
            (
                Cell(row.verdict or "", "verdict"),
                name(row.experiment, row.variant),
                name(row.rival),
                Cell(row.metric),
                Cell(difference(row.difference, row.standard_error or row.sd), "number"),
                Cell("" if row.bayes is None else difference(row.bayes), "number"),
                Cell("ensemble" if row.ensemble else "each seed"),
            )
            for row in rows
            if row.kind == kind
        ]
        found.append(table(title, (*head, "answers"), cells, note, folded=len(cells) > LONG))
    return found


def ranking(inputs: Inputs, key: str, records: Records) -> Table | None:
    """Return a table of the models on one set of held-out records, best first."""
    metric = inputs.lectures[key].headline
    verdicts = {
        (row.experiment, row.variant): row.verdict or ""
        for row in inputs.of(key, inputs.comparisons)
        if row.metric == metric and not row.ensemble and row.kind != "held_out"
    }
    cells = [
        (
            name(score.experiment, score.variant),
            measured(score.ours, score.sd),
            measured(score.bayes),
            Cell(verdicts.get((score.experiment, score.variant), ""), "verdict"),
        )
        for score in records.scores
    ]
    title = f"{key}: {metric} on {records.name} ({records.scores[0].source})"
    return table(title, ("model", metric, "best possible", "verdict"), cells)


def grids(inputs: Inputs, key: str) -> list[Table | None]:
    """Return the lecture's grids of models, as far as this pipeline has them."""
    own = {variant.name for variant in inputs.variants(key)}
    found = []
    for grid in inputs.lectures[key].tables:
        if not own & {cell for cells in grid.rows.values() for cell in cells if cell}:
            continue
        values = {
            label: [_cell(inputs, cell, grid.metric, grid.epoch, grid.last) for cell in cells]
            for label, cells in grid.rows.items()
        }
        rows = [
            (Cell(label), *cells) for label, cells in values.items() if any(c.text for c in cells)
        ]
        head = (
            grid.metric if grid.epoch is None else f"{grid.metric}, epoch {grid.epoch}",
            *grid.columns,
        )
        note = "One seed: no deviation." if any(ONCE in c.text for row in rows for c in row) else ""
        found.append(table(grid.title[:1].upper() + grid.title[1:], head, rows, note))
    return found


def _cell(inputs: Inputs, model: str | None, metric: str, epoch: int | None, last: int) -> Cell:
    """Return a model's metric after an epoch (the median of the `last` ones), or at the end."""
    if model is None:
        return Cell()
    experiment, _, variant = model.partition("/")
    if epoch is None:
        for score in inputs.scores:
            if (score.experiment, score.variant, score.metric) == (experiment, variant, metric):
                return _once(score.ours, score.sd)
        return Cell()
    history = inputs.history(experiment)
    logged = metric.replace("perplexity", "loss")
    if logged not in history:
        return Cell()
    own = history[(history["variant"] == variant) & (history["epoch"] <= epoch)]
    if own.empty or own["epoch"].max() < epoch:
        return Cell()
    values = own.loc[own["epoch"] > epoch - last, logged]
    if logged != metric:
        values = values.map(perplexity)
    by_seed = values.groupby(own["seed"]).median()
    return _once(float(by_seed.mean()), float(by_seed.std()))


def _once(value: float, sd: float | None) -> Cell:
    if sd is None or pd.isna(sd):
        return Cell(number(value) + ONCE, "number")
    return measured(value, sd)


def caveats(lecture: Lecture, rows: set[str]) -> Table | None:
    """Return a table of the caveats of some rows."""
    cells = [
        (labelled(lecture, row), Cell(text, "prose"))
        for row, text in lecture.caveats.items()
        if row in rows
    ]
    return table("What to bear in mind", ("row", "caveat"), cells)
