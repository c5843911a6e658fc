"""The tables of a lecture: published numbers, scores, comparisons, grids and caveats."""

from collections.abc import Sequence, Set
from statistics import mean, stdev

from recurrent.evaluation.epochs import at_epoch
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.lectures import Table as Grid
from recurrent.evaluation.rows import Comparison, Published, Score
from recurrent.report import metrics, results
from recurrent.report.inputs import Inputs, Records
from recurrent.report.numbers import count, difference, number
from recurrent.report.views import Cell, Table, measured, printed, table

ONCE = " (one seed)"
SAME = ("experiment", "variant", "metric", "epoch", "published")  # of a number in both runs
PAIRED = (
    "Difference ± its standard error over records and seeds; positive is better. With one seed, "
    "the error is that over records alone."
)
COMPARED = {
    "baseline": ("Against the best model without a network", PAIRED),
    "rival": ("Against the model to improve on", PAIRED),
    "held_out": (
        "Held-out records against the lecture's records",
        "The metric on held-out records minus the metric on the records that the lecture uses. "
        "If one text is harder than the other, the best possible value differs as well.",
    ),
}


def published(inputs: Inputs, lecture: Lecture, rows: Sequence[Published]) -> list[Table | None]:
    """Return a table with the last number of each system, and one with all numbers."""
    last = {row.row: row for row in rows}
    last |= {row.row: row for row in rows if _shown(inputs, row).ours is not None}
    last |= {row.row: row for row in rows if _shown(inputs, row).verdict}
    title = f"All {len(rows)} published numbers"
    models: dict[str, set[tuple[str, str | None]]] = {}
    for row in rows:
        models.setdefault(row.row, set()).add((row.experiment, row.variant))
    several = {row.id for row in rows if row.variant and len(models[row.row]) > 1}
    if len(last) == len(rows):
        return [_published(title, inputs, lecture, rows, several)]
    return [
        _published("The last number of each system", inputs, lecture, [*last.values()], several),
        _published(title, inputs, lecture, rows, several, folded=True),
    ]


def _shown(inputs: Inputs, row: Published) -> Published:
    """Return the row; if it has no verdict, that of the run on the lecture's own corpus."""
    other = inputs.replicated.get(row.id, row)
    same = all(getattr(row, key) == getattr(other, key) for key in SAME)
    return row if row.verdict or not same else other


def _published(
    title: str,
    inputs: Inputs,
    lecture: Lecture,
    rows: Sequence[Published],
    several: Set[str],
    folded: bool = False,
) -> Table | None:
    """Return a table of numbers; `several` has the ids of those whose system has several models."""
    cells = []
    borrowed = False
    for row in rows:
        what = metrics.measured(row)
        if row.id in several:
            what += f", {inputs.called(f'{row.experiment}/{row.variant}')}"
        shown = _shown(inputs, row)
        borrowed |= shown is not row
        agree = "" if shown.agree is None else f"{shown.agree} of "
        interval = "" if shown.low is None else f"{number(shown.low)} to {number(shown.high)}"
        cells.append(
            (
                Cell(shown.verdict or results.UNKNOWN, "verdict"),
                Cell(results.called(lecture, row.row)),
                Cell(what),
                printed(row.published),
                _ours(shown),
                Cell(interval),
                Cell(f"{agree}{count(shown.seeds)}", "number"),
                Cell(count(shown.below), "number"),
                _ours(row) if shown is not row else Cell(),
                measured(row.bayes),
                Cell(shown.reason or ""),
            )
        )
    note = metrics.note(row.metric for row in rows)
    if borrowed:
        note += (
            " Where this run cannot be compared, verdict and “ours” are those of the run on the "
            f"lectures' own corpora ({inputs.replication})."
        )
    head = ("verdict", "system", "measured", "published", "ours", "95 % range", "seeds or draws")
    more = ("seeds below published", "on the bundled corpus", "best possible", "why")
    return table(title, (*head, *more), cells, note, folded=folded)


def _ours(row: Published) -> Cell:
    """Return our value and its deviation.

    A deviation that would reach below 1, the lowest perplexity, is left out: the range says more.
    """
    skewed = "perplexity" in row.metric and float(row.ours or 0) - (row.sd or 0) < 1
    return measured(row.ours, None if skewed else row.sd)


def scores(inputs: Inputs, rows: Sequence[Score]) -> Table | None:
    """Return a table of every score of a lecture's models."""
    cells = [
        (
            inputs.model(f"{row.experiment}/{row.variant}"),
            Cell(metrics.arrowed(row.metric)),
            measured(row.ours, row.sd),
            Cell(count(row.seeds), "number"),
            measured(row.ensemble),
            measured(row.bayes),
            Cell(inputs.records(row)),
        )
        for row in rows
    ]
    head = ("model", "metric", "ours", "seeds", "ensemble", "best possible")
    title = f"All {len(rows)} scores"
    note = metrics.note(row.metric for row in rows)
    return table(title, (*head, "measured on"), cells, note, folded=True)


def comparisons(inputs: Inputs, rows: Sequence[Comparison]) -> list[Table | None]:
    """Return tables of compared models, one for each kind of comparison."""
    head = ("verdict", "model", "against", "metric", "difference", "difference of best possible")
    found = []
    for kind, (title, note) in COMPARED.items():
        cells = [
            (
                Cell(row.verdict or "", "verdict"),
                inputs.model(f"{row.experiment}/{row.variant}"),
                inputs.model(row.rival),
                Cell(metrics.arrowed(row.metric)),
                Cell(difference(row.difference, row.standard_error or row.sd), "number"),
                Cell("" if row.bayes is None else difference(row.bayes), "number"),
                Cell("ensemble" if row.ensemble else "each seed"),
                Cell("one seed" if row.seeds == 1 else count(row.seeds), "number"),
            )
            for row in rows
            if row.kind == kind
        ]
        found.append(table(title, (*head, "answers", "seeds"), cells, note, folded=True))
    return found


def ranking(inputs: Inputs, key: str, records: Records) -> Table | None:
    """Return a table of the models on one set of held-out records, best first."""
    metric = inputs.lectures[key].headline
    verdicts = {
        f"{row.experiment}/{row.variant}": row.verdict or ""
        for row in inputs.of(key, inputs.comparisons)
        if row.metric == metric and not row.ensemble and row.kind != "held_out"
    }
    cells = []
    for score in records.scores:
        name = score.name
        verdict = Cell(verdicts.get(name, ""), "verdict")
        ours, bayes = measured(score.ours, score.sd), measured(score.bayes)
        cells.append((inputs.model(name), ours, bayes, verdict))
    on = f"{inputs.records(records.scores[0])} ({records.scores[0].source})"
    called = metrics.called(metric)
    title = f"{called.capitalize()} on {on}: {metrics.scale(metric)}"
    return table(title, ("model", called, "best possible", "verdict"), cells)


def grids(inputs: Inputs, key: str) -> list[Table | None]:
    """Return the lecture's grids of models, as far as this pipeline has them."""
    found = []
    for grid in own_grids(inputs, key):
        values = {
            label: [_cell(inputs, name, grid) for name in names]
            for label, names in grid.rows.items()
        }
        rows = [
            (Cell(label), *cells) for label, cells in values.items() if any(c.text for c in cells)
        ]
        head = (metrics.labelled(grid.metric), *grid.columns)
        found.append(table(grid.title[:1].upper() + grid.title[1:], head, rows, folded=True))
    return found


def own_grids(inputs: Inputs, key: str) -> list[Grid]:
    """Return the lecture's grids in which this pipeline has a model."""
    own = {variant.name for variant in inputs.variants(key)}
    return [grid for grid in inputs.lectures[key].tables if own & {*grid.names}]


def _cell(inputs: Inputs, name: str | None, grid: Grid) -> Cell:
    found = value(inputs, name, grid) if name else None
    if found is None:
        return Cell()
    mean, sd = found
    return measured(mean, sd) if sd else Cell(number(mean) + ONCE, "number")


def value(inputs: Inputs, model: str, grid: Grid) -> tuple[float, float] | None:
    """Return mean and deviation of a model's metric in a grid; 0 is the deviation of one seed.

    It is the metric at the grid's epoch (the median of the `last` epochs up to it), or that of the
    trained model if the grid names no epoch or the model has none.
    """
    experiment, _, variant = model.partition("/")
    if grid.epoch is None or inputs.fitted(model):
        metric = grid.metric.removeprefix("train_") if grid.epoch else grid.metric
        score = inputs.score(model, metric)
        return (score.ours, score.sd or 0.0) if score else None
    found = at_epoch(inputs.history(experiment), variant, grid.metric, grid.epoch, grid.last)
    if not found:
        return None
    return mean(found.values()), stdev(found.values()) if len(found) > 1 else 0.0


def caveats(lecture: Lecture, rows: set[str]) -> Table | None:
    """Return a table of the caveats of some rows."""
    cells = [
        (Cell(results.called(lecture, row)), Cell(text, "prose"))
        for row, text in lecture.caveats.items()
        if row in rows
    ]
    return table("", ("system", "caveat"), cells)
