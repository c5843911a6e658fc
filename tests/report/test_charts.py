"""Charts keep lines apart, colours in their meaning, and ticks readable."""

from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from recurrent.common import config
from recurrent.report import seeds
from recurrent.report.charts import (
    BASELINE,
    GRU,
    LINES,
    LSTM,
    NETWORK,
    POINTS,
    colour,
    draw,
    logarithmic,
    looks,
    parts,
    perplexities,
    thinned,
)
from recurrent.report.inputs import load
from tests.project import ROOT

KNOWN = {variant.name: variant for variant in config.load(folder=ROOT).variants()}


def ticks(figure: Figure) -> list[str]:
    figure.draw_without_rendering()
    return [label.get_text() for label in figure.axes[0].get_yticklabels() if label.get_text()]


def test_no_chart_has_more_lines_than_can_be_kept_apart() -> None:
    names = [f"n{place}" for place in range(2 * LINES + 1)]
    found = parts(names)
    assert [len(part) for part in found] == [7, 7, 7]
    assert [name for part in found for name in part] == names
    assert parts([]) == []
    looked = looks([None] * LINES)
    assert len({tuple(sorted(map(str, look.items()))) for look in looked}) == LINES


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("nietzsche_rnn/lecture", NETWORK),
        ("lyrics_gru_scratch/lecture", GRU),
        ("names_gated/gru", GRU),
        ("lyrics_deep/layers_2", LSTM),
        ("lyrics_ngrams/order_1", BASELINE),
        ("sales_networks/embeddings", NETWORK),
    ],
)
def test_a_family_of_models_has_one_colour(name: str, wanted: str) -> None:
    assert colour(KNOWN[name]) == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([0.03, 300], "100"), ([1.2, 8], "2"), ([1e-9, 1], "10⁻⁶")],
)
def test_a_log_axis_has_plain_numbers(values: list[float], wanted: str) -> None:
    figure = Figure()
    axis = figure.add_subplot()
    axis.plot(values)
    logarithmic(axis.yaxis, values)
    assert wanted in ticks(figure)
    assert len(ticks(figure)) > 2


@pytest.mark.parametrize(
    ("losses", "wanted"), [([0.01, 5.0], ["1.01", "100"]), ([5.58, 5.62], ["272"])]
)
def test_an_axis_of_losses_is_labelled_with_perplexities(
    losses: list[float], wanted: list[str]
) -> None:
    figure = Figure()
    axis = figure.add_subplot()
    axis.plot(losses)
    perplexities(axis.yaxis, losses)
    assert {*wanted} <= {*ticks(figure)}


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    table = pd.DataFrame({"loss": range(10 * POINTS + 3)})
    found = thinned(table)
    assert len(found) <= POINTS + 1
    assert [*found["loss"]][:: len(found) - 1] == [0, 10 * POINTS + 2]
    assert thinned(table.head(3)).equals(table.head(3))


def test_a_picture_on_the_page_is_shorter_than_its_file() -> None:
    chart = draw("t", "c", lambda figure: figure.add_subplot().set_title('it\'s "5 % <b>"'))
    assert len(chart.source) < len(chart.svg)
    assert "'" not in chart.source
    assert "<metadata>" not in chart.source


@pytest.mark.usefixtures("upstream")
def test_every_seed_is_beside_the_published_number(projects: dict[str, Path]) -> None:
    inputs = load()
    rows = inputs.of("nietzsche", inputs.published)
    chart = seeds.beside_published(inputs, inputs.lectures["nietzsche"], rows[:2])
    assert chart is not None
    assert "A1 · 3 seeds" in chart.svg
    assert seeds.beside_published(inputs, inputs.lectures["nietzsche"], rows[3:4]) is None
