"""The chapter of a lecture. It stands alone."""

from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import NO_CORPUS
from recurrent.report import curves, line, results, scores, seeds, tables
from recurrent.report.embeddings import embeddings
from recurrent.report.flow import cells, powers, reach, spectra
from recurrent.report.gradients import clipping, findings, norms
from recurrent.report.inputs import BUNDLED, Inputs, held_out
from recurrent.report.samples import samples
from recurrent.report.surface import surface
from recurrent.report.views import Chart, Group, Section, section

SOURCES = {
    BUNDLED: "the bundled synthetic corpus",
    "upstream": "the lecture's own corpus",
    "stand-in": "a stand-in corpus",
}


def lecture(inputs: Inputs, key: str) -> Section | None:
    """Return everything about a lecture; None if none of it was run."""
    chosen = inputs.lectures[key]
    published, measured = inputs.of(key, inputs.published), inputs.of(key, inputs.scores)
    claims = results.of_claims(inputs, key)
    if not (published or measured or claims or any(inputs.variants(key))):
        return None
    rows = {*chosen.rows} if inputs.main else {row.row for row in measured}
    compared = tables.comparisons(inputs, inputs.of(key, inputs.comparisons))
    parts = [
        section(f"{key}-claims", "What the lecture claims", results=[_untitled(claims)]),
        section(
            f"{key}-published",
            "Published numbers and ours",
            tables=tables.published(inputs, chosen, published),
        ),
        section(
            f"{key}-charts",
            "Charts",
            charts=charts(inputs, key, chosen),
            results=[_untitled(results.of_held_out(inputs, key))],
        ),
        samples(inputs, key),
        section(f"{key}-caveats", "Caveats", tables=[tables.caveats(chosen, rows)]),
        *(studies(inputs, key) if inputs.main else []),
        curves.charts(inputs, key),
        section(
            f"{key}-tables",
            "All tables",
            tables=[*tables.grids(inputs, key), tables.scores(inputs, measured), *compared],
            folded=True,
        ),
    ]
    shown = tuple(part for part in parts if part is not None)
    return Section(key, chosen.title, _text(inputs, key, chosen), parts=shown, short=chosen.short)


def charts(inputs: Inputs, key: str, chosen: Lecture) -> list[Chart | None]:
    """Return the charts of a lecture that teach most."""
    grids = tables.own_grids(inputs, key)
    gridded = {name for grid in grids if grid.metric == chosen.headline for name in grid.names}
    ranked = [
        group
        for group in held_out(inputs, key)
        if not {score.name for score in group.scores} <= gridded
    ]
    found = [
        scores.held_out(inputs, chosen, ranked) if inputs.main else None,  # on the first screen
        *(scores.grid(inputs, grid) for grid in grids),
        curves.systems(inputs, key),
        seeds.beside_published(inputs, chosen, inputs.of(key, inputs.published)),
    ]
    if inputs.main and key == "nietzsche":
        found.append(line.losses(inputs.published))
    if inputs.main and key == "hard":
        found = [*surface(), *reach(inputs), powers(), *found]
    return found


def studies(inputs: Inputs, key: str) -> list[Section | None]:
    """Return the folded sections on studies and examined networks of a lecture."""
    if key == "nietzsche":
        return [line.by_hand()]
    if key == "entities":
        return [embeddings(inputs)]
    if key == "hard":
        return [
            clipping(inputs),
            norms(inputs, ["hard", "lyrics"]),
            findings(inputs),
            section("cells", "Hidden state and cell of an LSTM", charts=cells(inputs), folded=True),
            spectra(inputs),
        ]
    return []


def _text(inputs: Inputs, key: str, chosen: Lecture) -> tuple[str, ...]:
    published = inputs.of(key, inputs.published)
    sources = {row.source for row in published if row.ours is not None} - {NO_CORPUS}
    sources |= {row.source for row in inputs.of(key, inputs.scores)}
    where = [SOURCES.get(source, f"the file {source}") for source in sorted(sources)]
    given = f"Source: {chosen.given_by.rstrip('.')}."
    if where:
        given += f" Measured on {' and '.join(where)}."
    if not inputs.main:
        return (given,)
    found = chosen.found.bundled if inputs.bundled else chosen.found.upstream
    said = [f"*The lecture shows:* {chosen.shows}"] if chosen.shows else []
    said += [f"*We found:* {found}"] if found else []
    return (*said, given)


def _untitled(group: Group | None) -> Group | None:
    """Return a group without its title, which the chapter already has."""
    return group and group._replace(title="", anchor="")
