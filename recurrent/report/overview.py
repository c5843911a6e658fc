"""The first screen: the result in one statement, and the list behind it."""

from collections.abc import Callable

from recurrent.common import paths
from recurrent.evaluation.verdicts import tally
from recurrent.report import results, scores
from recurrent.report.inputs import BUNDLED, Inputs, held_out, read_json
from recurrent.report.numbers import count
from recurrent.report.views import Cell, Group, Section, Table, section, table

WHOSE = {BUNDLED: "synthetic, bundled", "upstream": "the lecture's own", "stand-in": "a stand-in"}
LEAD = {
    "bundled": (
        "We rebuilt five lectures on recurrent networks and tested what they claim or suggest, on "
        "corpora that we generate. Each line ends with the measured value; the chapters give "
        "intervals and reasons."
    ),
    "upstream": (
        "We rebuilt five lectures on recurrent networks, on the lectures' own corpora. A system is "
        "reproduced if none of its numbers differs. Each mark is the verdict on the system's "
        "worst number; each line ends with its last number: published → ours."
    ),
    "beyond": (
        "More networks for the lectures' tasks: deeper, wider, on words, bidirectional. Each line "
        "compares the network that validation chooses with the best model without a network, on "
        "held-out data."
    ),
}
READING = (
    "“Ours” is the mean over the seeds ± their standard deviation. Next to a published number, we "
    "measure what the lecture measures; elsewhere, on records that neither trained the model nor "
    "chose its epoch, unless a table says *training* or *validation*.",
    "A number is *reproduced* if ours is within a fixed tolerance, *within seed noise* if it lies "
    "in the 95 % prediction interval of one more run, and *differs* otherwise. Numbers that depend "
    "on a random draw are compared with the range of many draws. A claim *holds* if the whole "
    "interval over seeds is on the claimed side of the bound, *fails* if all of it is on the other "
    "side, and is *undecided* otherwise.",
    "*Best possible* is the Bayes-optimal value on the same records; we know it for bundled "
    "corpora only.",
)


def overview(inputs: Inputs) -> Section:
    """Return the result, and the claims, systems or models behind it."""
    if not inputs.main:
        listed = _each(inputs, results.of_held_out)
        ranked = (
            scores.held_out(inputs, lecture, held_out(inputs, key))
            for key, lecture in inputs.lectures.items()
        )
        charts = tuple(chart for chart in ranked if chart is not None)
        text = (LEAD["beyond"],)
        return Section("overview", _models(inputs), text, listed, charts, short="Result")
    claims = _each(inputs, results.of_claims)
    systems = _each(inputs, results.of_systems)
    if inputs.bundled or not systems:
        return Section("overview", _claims(inputs), (LEAD["bundled"],), claims, short="Result")
    if others := results.not_compared(inputs):
        systems += (others,)
    below = section("claims", _claims(inputs), results=claims)
    parts = (below,) if below else ()
    text = (LEAD["upstream"],)
    return Section("overview", _systems(inputs), text, systems, parts=parts, short="Result")


def _each(inputs: Inputs, kind: Callable[[Inputs, str], Group | None]) -> tuple[Group, ...]:
    """Return the results of each lecture that has any."""
    return tuple(group for key in inputs.lectures if (group := kind(inputs, key)) is not None)


def _models(inputs: Inputs) -> str:
    measured = {row.name for row in inputs.scores}
    own = sum(variant.name in measured for variant in inputs.config.variants())
    return f"{count(own)} models beyond the lectures"


def _claims(inputs: Inputs) -> str:
    tested = [row for row in inputs.claims if row.verdict]
    if not tested:
        return "No claim has been tested yet"
    holding = sum(row.verdict == "holds" for row in tested)
    return f"{holding} of {len(tested)} claims hold"


def _systems(inputs: Inputs) -> str:
    found = tally(inputs.published)
    good = found.reproduced + found.within_seed_noise
    return (
        f"{found.systems_reproduced} of {found.systems_comparable} systems reproduced, "
        f"{good} of {good + found.differs} numbers"
    )


def about(inputs: Inputs) -> Section | None:
    """Return how to read the page, and which corpora the run used."""
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
