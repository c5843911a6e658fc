"""The page: every line of the table, numbers as people write them, caveats where they belong."""

from pathlib import Path

import pandas as pd
import pytest

from stages.evaluation.lectures import Lecture
from stages.evaluation.replication import Line
from stages.reporting import chart, page

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
    assert "| B2 | net | upstream | accuracy | 0.9790 | 0.9700 ± 0.0010 |  | reproduced |" in text
    assert "| B1 | clean | upstream | count | 50,390 | 50,390 |  | reproduced |" in text


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
