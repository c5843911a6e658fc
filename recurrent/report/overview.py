"""The first screen: what came out, in one statement and a list."""

from recurrent.common import paths
from recurrent.report import results
from recurrent.report.inputs import BUNDLED, Inputs, read_json
from recurrent.report.numbers import count
from recurrent.report.views import Cell, Section, Table, section, table

WHOSE = {BUNDLED: "synthetic, bundled", "upstream": "the lecture's own", "stand-in": "a stand-in"}
LEAD = {
    "bundled": (
        "We rebuilt five lectures on recurrent networks from raw text and tested what they claim, "
        "on corpora generated here. The best possible loss is known. "
        "Chapters have intervals and reasons."
    ),
    "upstream": (
        "We rebuilt five lectures on recurrent networks from raw text, on the lectures' own "
        "corpora. A system is reproduced if all its numbers are. "
        "Each line: published → ours."
    ),
    "beyond": (
        "More networks on the lectures' corpora: deeper, wider, on words, from both sides. "
        "Each line compares the network that validation chooses with counting, on held-out data."
    ),
}
READING = (
    "“Ours” is the mean over the seeds ± their standard deviation. Next to a published number, we "
    "measure what the lecture measures; everywhere else, we measure on records that neither "
    "trained the model nor chose its epoch.",
    "A number is *reproduced* if ours is within a fixed tolerance, *within seed noise* if it lies "
    "in the 95 % prediction interval of one more run, and *differs* otherwise. Numbers that depend "
    "on a random draw are compared with the range of many draws. A claim *holds* or *fails* if the "
    "interval over seeds is on one side of its bound, and is *undecided* otherwise.",
    "Best possible is the Bayes-optimal value on the same records; we know it for bundled corpora "
    "only.",
)


def overview(inputs: Inputs) -> Section:
    """Return the statement, and the claims or systems behind it."""
    kinds = [results.of_claims] if inputs.bundled else [results.of_systems, results.of_claims]
    if not inputs.main:
        kinds = [results.of_held_out]
    found = [group for kind in kinds for key in inputs.lectures if (group := kind(inputs, key))]
    kind = "beyond" if not inputs.main else "bundled" if inputs.bundled else "upstream"
    return Section("overview", _statement(inputs), (LEAD[kind],), tuple(found), short="Result")


def _statement(inputs: Inputs) -> str:
    """Return the result in one line."""
    if not inputs.main:
        names = {f"{row.experiment}/{row.variant}" for row in inputs.scores}
        own = sum(variant.name in names for variant in inputs.config.variants())
        return f"{count(own)} models beyond the lectures"
    said = []
    if not inputs.bundled and (known := results.compared(inputs.published)):
        systems = results.systems(known).values()
        whole = sum(results.verdict(rows) == "reproduced" for rows in systems)
        said.append(
            f"{whole} of {len(systems)} systems reproduced, "
            f"{results.good(known)} of {len(known)} numbers"
        )
    if inputs.claims and not said:
        holding = sum(row.verdict == "holds" for row in inputs.claims)
        said.append(f"{holding} of {len(inputs.claims)} claims hold")
    return said[0] if said else "No claim was tested yet"


def about(inputs: Inputs) -> Section | None:
    """Return how to read the page, and the corpora of the run."""
    return section("about", "About this run", READING, tables=[_corpora(inputs)])


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
