"""Tables: empty columns are left out, and no text breaks out of a cell."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from recurrent.common import files, paths
from recurrent.evaluation.rows import Published, write
from recurrent.report import tables
from recurrent.report.inputs import held_out, load
from recurrent.report.page import html, markdown_tables
from recurrent.report.terminal import show
from recurrent.report.views import Cell, Section, Table, measured, printed, section, table
from tests.report import example

KINDS = ("text", "number", "code", "prose", "verdict", "model")


def texts(found: Table | None) -> list[list[str]]:
    assert found is not None
    return [[cell.text for cell in row] for row in found.rows]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))), st.sampled_from(KINDS))
def test_markdown_keeps_any_text_in_its_cell(text: str, kind: str) -> None:
    cells = (Cell(text, kind), Cell("next"))  # type: ignore[arg-type]
    lines = markdown_tables([Table("t", ("a", "b"), (cells,))]).splitlines()
    (row,) = (line for line in lines if line.endswith("| next |"))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3 or kind == "code"
    assert kind != "code" or len(re.findall(r"(?<!\\)\|", row)) == 3


def test_markdown_of_a_table() -> None:
    rows = ((Cell("a_b"), Cell("1.5", "number")), (Cell("x|`y", "code"), Cell("2", "number")))
    found = Table("Title", ("name", "value"), rows, "A note.")
    assert markdown_tables([found]).strip().splitlines() == [
        "**Title**",
        "",
        "| name | value |",
        "|---|--:|",
        "| a\\_b | 1.5 |",
        "| `` x\\|`y `` | 2 |",
        "",
        "A note.",
    ]


def test_columns_without_text_and_tables_without_rows_are_left_out() -> None:
    found = table("t", ("a", "b"), [(Cell("1"), Cell()), (Cell("2"), Cell())])
    assert found is not None
    assert found.head == ("a",)
    assert table("t", ("a",), []) is None
    assert section("s", "t", tables=[None], charts=[None]) is None


def test_a_text_that_a_model_wrote_is_code_in_one_line() -> None:
    assert measured("a\nb") == Cell("a↵b", "code")
    assert printed("for those") == Cell("for those", "code")
    assert printed(2.081694) == Cell("2.081694", "number")


@pytest.mark.usefixtures("upstream")
def test_a_row_has_the_verdict_the_published_number_and_ours() -> None:
    inputs = load()
    last, every = tables.published(inputs, inputs.lectures["nietzsche"], inputs.published)
    assert texts(every)[0] == [
        "reproduced",
        "A1 · networks",
        "training perplexity\N{NO-BREAK SPACE}↓, epoch 4, plain network",  # one of several models
        "2",
        "2.050 ± 0.010",
        "",
        "3",
        "",
    ]
    verdicts = [row[0] for row in texts(every)]
    assert verdicts[1:4] == ["within seed noise", "differs", "not compared"]
    assert texts(every)[-1][5] == "0.1000 to 0.9000"
    assert [row[1] for row in texts(last)] == ["A1 · networks", "A8 · descent on a line"]
    assert every is not None
    assert every.folded


@pytest.mark.usefixtures("upstream")
def test_a_deviation_below_the_lowest_perplexity_is_left_out() -> None:
    inputs = load()
    rows = [
        example.published(ours=1.5, sd=20.0, low=1.0, high=34.8, below=2),
        example.published(ours=1.5, sd=0.4, low=1.0, high=3.2, below=1),
        example.published(metric="train_loss", ours=0.5, sd=0.7),
    ]
    (found,) = tables.published(inputs, inputs.lectures["nietzsche"], rows[-1:])
    assert "0.50 ± 0.70" in texts(found)[0]
    _, found = tables.published(inputs, inputs.lectures["nietzsche"], rows[:2])
    assert found is not None
    shown = [dict(zip(found.head, row, strict=True)) for row in texts(found)]
    assert [row["ours"] for row in shown] == ["1.5000", "1.50 ± 0.40"]
    assert [row["seeds below published"] for row in shown] == ["2", "1"]


@pytest.mark.usefixtures("bundled")
def test_what_bundled_cannot_answer_the_committed_upstream_run_does() -> None:
    inputs = load()
    here = example.published(source="bundled", ours=1.5, verdict=None, reason="another corpus")
    there = here._replace(source="upstream", ours=2.05, verdict="reproduced", reason=None)
    known = replace(inputs, replicated={there.id: there}, replication="2026-11-27, commit abc1234")
    (found,) = tables.published(known, inputs.lectures["nietzsche"], [here])
    assert found is not None
    assert dict(zip(found.head, texts(found)[0], strict=True)) | {"why": ""} == {
        "verdict": "reproduced",
        "system": "A1 · networks",
        "measured": "training perplexity\N{NO-BREAK SPACE}↓, epoch 4",
        "published": "2",
        "ours": "2.050 ± 0.010",
        "seeds or draws": "3",
        "on the bundled corpus": "1.500 ± 0.010",
        "why": "",
    }
    assert "2026-11-27, commit abc1234" in found.note


@pytest.mark.usefixtures("bundled")
def test_the_committed_upstream_run_is_read_with_its_date_and_commit(
    projects: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shutil.copytree(projects["bundled"], tmp_path / "project"))
    assert load().replicated == {}
    write(paths.UPSTREAM_METRICS / "published.csv", Published, [example.published()])
    files.write_json(
        paths.UPSTREAM_METRICS / "replicated.json", {"date": "2026-11-27", "commit": "abc1234"}
    )
    assert load().replicated.keys() == {example.published().id}
    assert load().replication == "2026-11-27, commit abc1234"
    assert load("beyond").replicated == {}


@pytest.mark.usefixtures("bundled")
def test_comparisons_have_a_table_for_each_kind() -> None:
    inputs = load()
    against, rival, split = tables.comparisons(inputs, inputs.comparisons)
    loss = "loss\N{NO-BREAK SPACE}↓"
    assert texts(against) == [
        ["better", "plain network", "counts, bigram", loss, "+0.50 ± 0.10", "each seed"],
        ["worse", "deep network", "counts, bigram", loss, "−0.50 ± 0.10", "each seed"],
    ]
    assert rival is None
    assert texts(split)[0][3] == "+0.50 ± 0.20"


@pytest.mark.usefixtures("bundled")
def test_a_grid_has_what_its_pipeline_ran() -> None:
    first, second = tables.grids(load(), "nietzsche")
    # The median of the perplexities of epochs 3 and 4, over three seeds.
    assert first is not None
    assert texts(first) == [["1 layer", "4.87 ± 0.49"], ["2 layers", "13.2 ± 1.3"]]
    assert first.head == ("training perplexity, lower is better", "plain")
    assert texts(second) == [["all", "1.500 ± 0.010", "2.0000 (one seed)"]]
    (beyond,) = tables.grids(load("beyond"), "nietzsche")
    assert beyond is not None
    assert beyond.head == ("training perplexity, lower is better", "plain", "residual")


@pytest.mark.usefixtures("bundled")
def test_the_best_model_comes_first() -> None:
    inputs = load()
    (records,) = held_out(inputs, "nietzsche")
    ranking = tables.ranking(inputs, "nietzsche", records)
    assert texts(ranking) == [
        ["plain network", "1.500 ± 0.010", "1.0000", "better"],
        ["counts, bigram", "2.0000", "1.0000", ""],
        ["deep network", "2.5000", "1.0000", "worse"],
    ]


@pytest.mark.usefixtures("bundled")
def test_beyond_the_lectures_their_models_on_the_same_records_are_shown_too() -> None:
    (records,) = held_out(load("beyond"), "nietzsche")
    assert [f"{one.experiment}/{one.variant}" for one in records.scores][:2] == [
        "repaired/residual",
        "nets/plain",
    ]


def test_the_terminal_shows_a_table_whole_with_the_names_that_commands_take() -> None:
    console = Console(width=80, record=True, quiet=False, file=None, color_system=None)
    model = Cell("LSTM, two layers", "model", "names_gated/lstm_stacked")
    rows = ((model, Cell("0.9360 ± 0.0030", "number")),)
    with console.capture() as shown:
        show(Table("A [title]", ("model", "accuracy"), rows), console)
    assert "A [title]" in shown.get()
    assert "names_gated/lstm_stacked" in shown.get()


@pytest.mark.usefixtures("bundled")
def test_html_escapes_cells() -> None:
    rows = ((Cell("<b>&"), Cell("<i>", "code"), Cell("*so* <u>", "prose")),)
    page = html(load(), [Section("s", "t", tables=(Table("t", tuple("abc"), rows),))])
    assert "&lt;b&gt;&amp;" in page
    assert "<code>&lt;i&gt;</code>" in page
    assert "<em>so</em> &lt;u&gt;" in page
