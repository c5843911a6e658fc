"""A10: the learned vectors of states, weekdays and months, and how they agree with a map."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from recurrent.report.charts import NETWORK, draw
from recurrent.report.inputs import Inputs
from recurrent.report.numbers import number, percent
from recurrent.report.views import Chart, Section, frame, section

FEW, NAMED = 4, 31  # levels on a map: with fewer it shows nothing, more names do not fit


def embeddings(inputs: Inputs) -> Section | None:
    """Return maps of each column's vectors, and learned against true distances."""
    maps, pairs = inputs.examined("embeddings"), inputs.examined("embedding_distances")
    charts = [
        _map(title, own) for title, own in _by_column(inputs, maps) if FEW <= len(own) <= NAMED
    ]
    charts += [_distances(title, own) for title, own in _by_column(inputs, pairs)]
    ranks = inputs.examined("embedding_ranks")
    columns = {"called": "model", "column": "column", "seed": "seed", "spearman": "correlation"}
    title = "Rank correlation (Spearman) of learned and true distances, −1 to 1"
    return section(
        "embeddings",
        "Entity embeddings 实体嵌入: what the vectors have learned",
        [
            "The network learned a vector for each level of a column. The maps show the first two "
            "principal components of the first seed's vectors. Levels with similar sales should be "
            "close to each other."
        ],
        charts,
        [frame(title, ranks, columns, folded=True)],
        folded=True,
    )


def _by_column(inputs: Inputs, records: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    if not records.empty:
        for (name, column), own in records.groupby(["name", "column"], sort=False):
            yield f"{inputs.called(str(name))}: {column}", own


def _map(title: str, records: pd.DataFrame) -> Chart:
    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.plot(records["first"], records["second"], "o", color=NETWORK, markersize=2)
        for _, row in records.iterrows():
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
        axis.plot(records["true"], records["learned"], "o", color=NETWORK, markersize=3)
        axis.set_xlabel("true distance")
        axis.set_ylabel("distance of the vectors")

    rank = records["true"].corr(records["learned"], method="spearman")
    caption = f"Each dot is a pair of levels; their rank correlation is {number(float(rank))}."
    return draw(f"{title}, learned against true", caption, paint)
