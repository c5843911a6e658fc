"""The page: every line of the table, numbers as people write them, caveats where they belong."""

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from recurrent.evaluation.lectures import Comparison, Lecture
from recurrent.evaluation.line import Line
from recurrent.report import chart, page

LECTURE = Lecture(
    title="A lecture",
    headline="accuracy",
    better="higher",
    own_row="B3",
    rows=["B1", "B2", "B3"],
    figures=[],
    caveats={"B2": "Mind the sample."},
)
LINES = [
    ("B2", "net", "upstream", "lecture", "accuracy", 0.979, 0.97, 0.001, 3, None, "reproduced"),
    ("B1", "clean", "upstream", "lecture", "count", 50390, 50390, None, None, None, "reproduced"),
    ("B2", "net", "upstream", "held-out, d", "accuracy", None, 0.97, 0.001, 3, 0.99, "beats bayes"),
    ("B3", "bayes", "upstream", "held-out, d", "accuracy", None, 0.9, None, 1, 0.99, "baseline"),
    ("B3", "bayes", "upstream", "held-out, e", "log_loss", None, 0.2, None, 1, None, ""),
]
COLUMNS = list(Line._fields)
TABLE = pd.DataFrame(LINES, columns=COLUMNS)


def test_the_page_has_a_heading_a_protocol_and_every_line() -> None:
    text = page.render(TABLE, {"names": LECTURE}, {"names": "figures/names.svg"})
    assert "## A lecture" in text
    assert "(figures/names.svg)" in text
    assert "### Held-out, d" in text
    assert "B2: Mind the sample." in text
    rows = [line for line in text.splitlines() if line.startswith("| B")]
    assert len(rows) == len(LINES)


def test_printed_and_ours_stand_side_by_side() -> None:
    text = page.render(TABLE, {"names": LECTURE}, {})
    assert (
        "| B2 | net | upstream | accuracy | 0.9790 | 0.9700 ± 0.0010 | 3 |  | reproduced |" in text
    )
    assert "| B1 | clean | upstream | count | 50,390 | 50,390 |  |  | reproduced |" in text


def test_how_many_seeds_stands_beside_each_figure() -> None:
    text = page.render(TABLE, {"names": LECTURE}, {})
    assert "| B2 | net | upstream | accuracy | 0.9700 ± 0.0010 | 3 | 0.9900 | beats bayes |" in text
    assert "| B3 | bayes | upstream | log_loss | 0.2000 | 1 |  |  |" in text
    assert page.count(1000.0) == "1,000" and page.count(float("nan")) == page.count(None) == ""


COMPARISON = Comparison(
    row="B3",
    title="how deep an LSTM trains: after 40 epochs",
    metric="train_perplexity",
    epoch=40,
    columns=["plain", "residual"],
    rows={
        "1 layer": ["lstm", None],
        "2 layers": ["lstm_2", "residual_2"],
        "6 layers": ["lstm_6", "residual_6"],
        "12 layers": [None, None],
    },
)
CELLS = [  # in another order than on the page; residual_6 was not run
    ("residual_2", 1.25, None, 1),
    ("lstm_6", 276.81523, 1.5, 3),
    ("lstm", 1.01234, 0.00101, 3),
    ("lstm_2", 276.0, None, 1),
]
EPOCH_40 = "train_perplexity, epoch 40"
COMPARED = [
    ("B3", name, "upstream", COMPARISON.title, EPOCH_40, None, ours, spread, seeds, None, "")
    for name, ours, spread, seeds in CELLS
]


def compared(lines: pd.DataFrame) -> list[str]:
    """The page from the heading of the comparison on."""
    lecture = LECTURE.model_copy(update={"comparisons": [COMPARISON]})
    text = page.render(lines, {"names": lecture}, {})
    return text[text.index("### How deep") :].splitlines()


def test_a_comparison_is_one_way_down_and_the_other_across() -> None:
    assert compared(pd.DataFrame([*LINES, *COMPARED], columns=COLUMNS)) == [
        "### How deep an LSTM trains: after 40 epochs",
        "",
        "| train_perplexity, epoch 40, upstream corpus | plain | residual |",
        "|---|--:|--:|",
        "| 1 layer | 1.0123 ± 0.0010 |  |",
        "| 2 layers | 276 (once) | 1.2500 (once) |",
        "| 6 layers | 276.8152 ± 1.5000 |  |",
        "| 12 layers |  |  |",
    ]


def test_a_comparison_is_the_same_from_the_file() -> None:
    table = pd.DataFrame([*LINES, *COMPARED], columns=COLUMNS, dtype=object)
    again = pd.read_csv(StringIO(table.to_csv(index=False)))  # empty fields are no numbers
    assert compared(again) == compared(table)


def test_lines_of_no_comparison_stay_a_table_of_lines() -> None:
    lecture = LECTURE.model_copy(update={"comparisons": [COMPARISON]})
    text = page.render(TABLE, {"names": lecture}, {})
    assert text == page.render(TABLE, {"names": LECTURE}, {})
    assert "How deep" not in text, "nothing of it was run"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (float("nan"), ""),
        ("", ""),
        (0.12344, "0.1234"),
        (50390, "50,390"),
        (1.0, "1.0000"),
        ("for those", "`for those`"),
        ("a\nb|c", "`a↵b¦c`"),
    ],
)
def test_numbers_are_written_for_people(value: object, written: str) -> None:
    assert page.number(value) == written


def test_the_same_table_draws_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        assert chart.draw(TABLE, "accuracy", "higher", "A lecture", tmp_path / name)
    first = (tmp_path / "a.svg").read_bytes()
    assert first == (tmp_path / "b.svg").read_bytes()
    assert b"<dc:date>" not in first
    assert b"bayes" in first or b"#DejaVuSans" in first


def test_without_lines_there_is_no_picture(tmp_path: Path) -> None:
    assert not chart.draw(TABLE[:2], "accuracy", "higher", "A lecture", tmp_path / "none.svg")
    assert not (tmp_path / "none.svg").exists()
