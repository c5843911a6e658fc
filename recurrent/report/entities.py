"""A10: where a network put states, weekdays and months, and how that agrees with a map."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from matplotlib.figure import Figure

from recurrent.report import drawing
from recurrent.report.drawing import FAINT, SERIES
from recurrent.report.lines import column, grouped, number, read_table
from recurrent.report.views import Cell, Chart, Section, Table

NAMED = 31  # levels: more names than that would lie on each other
Records = Sequence[dict[str, str]]


def section(folder: Path, order: Sequence[str]) -> Section | None:
    """The maps of each network, its distances against the true ones, and their rank correlation."""
    charts: list[Chart] = []
    for name, records in grouped(read_table(folder / "entities.csv"), "experiment", order).items():
        charts += [_map(name, *found) for found in grouped(records, "column").items()]
    if not charts:
        return None
    apart = grouped(read_table(folder / "entity_distances.csv"), "experiment", order)
    ranks = read_table(folder / "entity_ranks.csv")
    for name, records in apart.items():
        for of, pairs in grouped(records, "column").items():
            own = [r for r in ranks if r["experiment"] == name and r["column"] == of]
            charts.append(_distances(name, of, pairs, own))
    return Section(
        "entities-maps",
        "Entity embeddings 实体嵌入: what the vectors have learned",
        text=(
            "Each level of a column is a vector that the network found by itself: here the two "
            "first principal components. What sells alike should lie together.",
        ),
        charts=tuple(charts),
        tables=tuple(table for table in [_ranks(ranks)] if table is not None),
        rows=("A10",),
    )


def _map(name: str, of: str, records: Records) -> Chart:
    first, second = column(records, "first"), column(records, "second")

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        if len(records) > NAMED:
            axis.scatter(first, second, s=10, color=SERIES[0])
        else:
            axis.scatter(first, second, s=1, color=FAINT)
            for record, x, y in zip(records, first, second, strict=True):
                axis.text(x, y, record["level"], ha="center", va="center", color=SERIES[0])
        axis.margins(0.1)
        axis.set_xlabel("first component")
        axis.set_ylabel("second component")

    share = float(records[0]["share"])
    caption = f"{share:.0%} of what tells its {len(records)} levels apart lies in this plane."
    label = f"{name}: the vectors of {of}"
    return Chart(f"{name}: {of}", caption, drawing.draw(f"map-{name}-{of}", label, paint, 3.6))


def _distances(name: str, of: str, pairs: Records, ranks: Records) -> Chart:
    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.scatter(column(pairs, "true"), column(pairs, "learned"), s=12, color=SERIES[1])
        axis.set_xlabel("true distance")
        axis.set_ylabel("distance of the vectors")

    found = mean(column(ranks, "spearman"))
    caption = (
        f"Every pair of the first seed's network. Rank correlation, mean of {len(ranks)} "
        f"network{'s' * (len(ranks) != 1)}: {number(found)}."
    )
    label = f"{name}: distances between levels of {of}, learned and true"
    picture = drawing.draw(f"apart-{name}-{of}", label, paint)
    return Chart(f"{name}: {of}, learned against true", caption, picture)


def _ranks(records: Records) -> Table | None:
    rows = tuple(
        (
            Cell(record["experiment"]),
            Cell(record["column"]),
            Cell(record["seed"], "number"),
            Cell(number(float(record["spearman"])), "number"),
        )
        for record in records
    )
    head = ("experiment", "column", "seed", "rank correlation")
    title = "Distances of the vectors against true distances (Spearman)"
    return Table(title, head, rows) if rows else None
