"""The part of the page about one lecture."""

from recurrent.report import curves, scores, tables
from recurrent.report.embeddings import embeddings
from recurrent.report.flow import gradient_flow, powers, spectra
from recurrent.report.gradients import clipping, findings, norms
from recurrent.report.inputs import BUNDLED, NO_CORPUS, Inputs, held_out
from recurrent.report.line import line
from recurrent.report.samples import samples
from recurrent.report.surface import surface
from recurrent.report.views import Section, section

SOURCES = {
    BUNDLED: "the bundled synthetic corpus",
    "upstream": "the lecture's own corpus",
    "stand-in": "a stand-in corpus",
}


def lecture(inputs: Inputs, key: str) -> Section | None:
    """Return everything about a lecture; None if none of it was run."""
    chosen = inputs.lectures[key]
    published, measured = inputs.of(key, inputs.published), inputs.of(key, inputs.scores)
    if not (published or measured or any(inputs.variants(key))):
        return None
    rows = {*chosen.rows} if inputs.main else {row.row for row in measured}
    compared = tables.comparisons(inputs.of(key, inputs.comparisons))
    chart = scores.held_out(chosen, held_out(inputs, key))
    numbers = tables.published(chosen, published)
    parts = [
        section(f"{key}-published", "Published numbers and ours", tables=numbers),
        section(f"{key}-scores", "Scores", charts=[chart], tables=[tables.scores(measured)]),
        section(f"{key}-compared", "Comparisons", tables=[*tables.grids(inputs, key), *compared]),
        *(studies(inputs, key) if inputs.main else []),
        curves.charts(inputs, key),
        samples(inputs, key),
        section(f"{key}-caveats", "Caveats", tables=[tables.caveats(chosen, rows)]),
    ]
    shown = tuple(part for part in parts if part is not None)
    sources = {row.source for row in published if row.ours is not None}
    sources |= {row.source for row in measured}
    where = [SOURCES.get(source, f"the file {source}") for source in sorted(sources - {NO_CORPUS})]
    said = [f"Source: {chosen.given_by}."]
    if where:
        said.append(f"Measured on {' and '.join(where)}.")
    return Section(key, chosen.title, (" ".join(said),), parts=shown)


def studies(inputs: Inputs, key: str) -> list[Section | None]:
    """Return the sections on studies and examined networks that belong to a lecture."""
    if key == "nietzsche":
        return [line(inputs)]
    if key == "entities":
        return [embeddings(inputs)]
    if key == "hard":
        return [
            surface(),
            clipping(inputs),
            norms(inputs, ["hard", "lyrics"]),
            findings(inputs),
            gradient_flow(inputs),
            powers(),
            spectra(inputs),
        ]
    return []
