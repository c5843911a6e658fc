"""A10: the learned vectors of states, weekdays and months, and how they agree with a map."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from recurrent.report.charts import INK, draw
from recurrent.report.inputs import Inputs
from recurrent.report.numbers import number, percent
from recurrent.report.views import Chart, Section, frame, section

NAMED = 31  # levels whose names fit on one map


def embeddings(inputs: Inputs) -> Section | None:
    """Return maps of each column's vectors, and learned against true distances."""
    maps, pairs = inputs.examined("embeddings"), inputs.examined("embedding_distances")
    charts = [_map(title, own) for title, own in _by_column(maps)]
    charts += [_distances(title, own) for title, own in _by_column(pairs)]
    columns = {"name": "model", "column": "column", "seed": "seed", "spearman": "rank correlation"}
    title = "Rank correlation (Spearman) of learned and true distances"
    return section(
        "embeddings",
        "A10 · Entity embeddings 实体嵌入: what the vectors have learned",
        [
            "The network learned a vector for each level of a column. The maps show the first two "
            "principal components of the first seed's vectors. Levels with similar sales should be "
            "close to each other."
        ],
        charts,
        [frame(title, inputs.examined("embedding_ranks"), columns)],
    )


def _by_column(records: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    if not records.empty:
        for (name, column), own in records.groupby(["name", "column"], sort=False):
            yield f"{name}: {column}", own


def _map(title: str, records: pd.DataFrame) -> Chart:
    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        named = len(records) <= NAMED
        axis.plot(records["first"], records["second"], "o", color=INK, markersize=1 if named else 3)
        for _, row in records.iterrows() if named else ():
            place = (row["first"], row["second"])
            axis.text(*place, str(row["level"]), ha="center", va="bottom", parse_math=False)
        axis.margins(0.1)
        axis.set_xlabel("first component")
        axis.set_ylabel("second component")

    share = percent(float(records["share"].iloc[0]))
    caption = f"This plane holds {share} of the variance between the {len(records)} levels."
    return draw(title, caption, paint, 3.6)


def _distances(title: str, records: pd.DataFrame) -> Chart:
    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.plot(records["true"], records["learned"], "o", color=INK, markersize=3)
        axis.set_xlabel("true distance")
        axis.set_ylabel("distance of the vectors")

    rank = records["true"].corr(records["learned"], method="spearman")
    caption = f"Each dot is a pair of levels; their rank correlation is {number(float(rank))}."
    return draw(f"{title}, learned against true", caption, paint)
