"""The start of the page: what was replicated, on which corpora, with which results."""

from collections import Counter

from recurrent.common import paths
from recurrent.report import scores, tables
from recurrent.report.inputs import BUNDLED, NO_CORPUS, Inputs, Records, held_out, read_json
from recurrent.report.numbers import count, percent
from recurrent.report.views import Cell, Section, Table, measured, name, printed, table

WHOSE = {BUNDLED: "synthetic, bundled", "upstream": "the lecture's own", "stand-in": "a stand-in"}
ON_BUNDLED = (
    "This run is on the bundled synthetic corpora, so numbers that were published for other "
    "corpora cannot be compared. We know how these corpora were generated, so we know the best "
    "score that any model can reach. The tables show how close the models come to it."
)
READING = (
    "Ours is the mean over the seeds ± their standard deviation. Next to a published number, we "
    "measure what the lecture measures; everywhere else, we measure on records that neither "
    "trained the model nor chose its epoch. Reproduced means within a fixed tolerance; within seed "
    "noise means that one more run of ours could give the published number; otherwise it differs. "
    "Best possible is the Bayes-optimal value on the same records; we know it for bundled corpora "
    "only."
)


def overview(inputs: Inputs) -> Section:
    """Return verdicts, scores against the best possible, corpora, and numbers that differ."""
    groups = {
        f"{key}: {group.name}": group for key in inputs.lectures for group in held_out(inputs, key)
    }
    drawn = (scores.distances(inputs.published, inputs.lectures), scores.nearness(groups))
    shown = (
        tables.tallies(inputs),
        _best(groups),
        _corpora(inputs),
        _differing(inputs),
        _reasons(inputs),
    )
    return Section(
        "overview",
        "Overview",
        (*_sentences(inputs), READING),
        tuple(chart for chart in drawn if chart is not None),
        tuple(one for one in shown if one is not None),
    )


def _sentences(inputs: Inputs) -> list[str]:
    """Describe the comparison with the published numbers in words."""
    if not inputs.published:
        return []
    counted = tables.tally(inputs.published)
    compared = sum(counted[verdict] for verdict in tables.VERDICTS)
    said = (
        f"The lectures publish {len(inputs.published)} numbers. {compared} of them can be compared "
        f"with ours: {counted['reproduced']} are reproduced, {counted['within seed noise']} are "
        f"within seed noise, and {counted['differs']} differ."
    )
    sources = {row.source for row in inputs.published} - {NO_CORPUS}
    return [said, ON_BUNDLED] if sources == {BUNDLED} else [said]


def _best(groups: dict[str, Records]) -> Table | None:
    """Return a table of the best network on each set of held-out records."""
    rows = []
    for label, group in groups.items():
        if group.networks:
            best = group.networks[0]
            share = group.reached(best)
            rows.append(
                (
                    Cell(label),
                    name(best.experiment, best.variant),
                    Cell(best.metric),
                    measured(best.ours, best.sd),
                    measured(group.baselines[0].ours if group.baselines else None),
                    measured(group.bayes),
                    Cell("" if share is None else percent(share), "number"),
                )
            )
    head = ("records", "best network", "metric", "ours", "best without a network", "best possible")
    return table("The best network on held-out records", (*head, "share of the gap closed"), rows)


def _corpora(inputs: Inputs) -> Table | None:
    rows = []
    for corpus in inputs.config.corpora:
        report = read_json(paths.clean_report(corpus))
        origin = report.get("origin", {})
        kept = report.get("kept") or {"characters": report.get("characters", 0)}
        unit, size = next(iter(kept.items()))
        if report:
            whose = WHOSE.get(origin.get("source", ""), str(origin.get("name", "")))
            rows.append((Cell(corpus), Cell(whose), Cell(f"{count(size)} {unit}", "number")))
    return table("The corpora of this run", ("corpus", "source", "size"), rows)


def _differing(inputs: Inputs) -> Table | None:
    rows = [
        (
            tables.labelled(inputs.lectures[row.lecture], row.row),
            name(row.experiment, row.variant),
            Cell(tables.what(row)),
            printed(row.published),
            measured(row.ours, row.sd),
        )
        for row in inputs.published
        if row.verdict == "differs"
    ]
    head = ("row", "model", "metric", "published", "ours")
    return table("Numbers that differ", head, rows, "See the caveats of each lecture.")


def _reasons(inputs: Inputs) -> Table | None:
    counted = Counter(
        row.reason or "no reason given" for row in inputs.published if not row.verdict
    )
    rows = [(Cell(reason), Cell(count(found), "number")) for reason, found in counted.most_common()]
    return table("Why numbers have no verdict", ("reason", "numbers"), rows)
