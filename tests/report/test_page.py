"""The report of a whole project, and of one from which anything is missing."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from recurrent.common import files, paths
from recurrent.report import page
from recurrent.report.inputs import load
from recurrent.report.samples import WITHHELD
from recurrent.report.views import Chart, Section
from stages import report
from tests.project import ROOT
from tests.report import example
from tests.report.conftest import Documents

ANCHORS = {
    *("overview", "about", "nietzsche", "nietzsche-claims", "nietzsche-published"),
    *("nietzsche-charts", "nietzsche-samples", "nietzsche-caveats", "line", "nietzsche-curves"),
    *("nietzsche-tables", "entities", "embeddings", "hard", "hard-claims", "hard-charts"),
    *("clipping", "gradient-norms", "findings", "cells", "spectra", "hard-curves"),
}


def charts(sections: list[Section]) -> Iterator[Chart]:
    for one in sections:
        yield from one.charts
        yield from charts([*one.parts])


def anchors(text: str) -> set[str]:
    return {*re.findall(r'<section id="([^"]+)"', text)}


def test_every_section_is_on_the_page_and_every_text_escaped(documents: Documents) -> None:
    text = page.html(*documents["bundled", "lectures"])
    assert anchors(text) == ANCHORS
    assert "<script" not in text
    # A claim and a text beside a published one, twice each; a caveat; a sample.
    assert text.count("&lt;script&gt;") == 6
    assert '<span lang="zh">困惑度</span>' in text
    assert WITHHELD[32:] not in text


def test_the_first_screen_of_a_bundled_run_counts_claims(documents: Documents) -> None:
    first, *_ = documents["bundled", "lectures"][1]
    assert first.title == "1 of 3 claims hold"
    shown = {(one.verdict, one.text, one.value) for group in first.results for one in group.results}
    statement = "Networks lose less than counts"
    assert ("holds", statement, "−0.500 nats per character") in shown
    assert ("not compared", statement, "") in shown
    assert len(" ".join(first.text).split()) <= 60


def test_the_first_screen_of_an_upstream_run_counts_systems_then_claims(
    documents: Documents,
) -> None:
    first, *_ = documents["upstream", "lectures"][1]
    assert first.title == "1 of 2 systems reproduced, 4 of 5 numbers"
    assert [part.title for part in first.parts] == ["1 of 3 claims hold"]
    assert len(" ".join(first.text).split()) <= 60


def test_beyond_the_lectures_the_first_screen_compares_networks_with_counting(
    documents: Documents,
) -> None:
    first, *_ = documents["bundled", "beyond"][1]
    assert first.title == "1 models beyond the lectures"
    ((result,),) = (group.results for group in first.results)
    assert result.text.endswith(
        "the repaired, residual, is 0.80 better than counts, bigram (not tested)"
    )
    assert first.charts


def test_a_chapter_says_what_the_lecture_shows_and_what_this_run_found(
    documents: Documents,
) -> None:
    bundled = page.html(*documents["bundled", "lectures"])
    assert "Networks lose less than <em>counting</em>." in bundled
    assert "They do here." in bundled
    assert "They do there." not in bundled
    assert "They do there." in page.html(*documents["upstream", "lectures"])


def test_texts_are_open_greedy_and_drawn_side_by_side(documents: Documents) -> None:
    chapter = next(one for one in documents["bundled", "lectures"][1] if one.anchor == "nietzsche")
    samples = next(part for part in chapter.parts if part.anchor == "nietzsche-samples")
    assert not samples.folded
    assert not samples.tables[0].folded
    assert samples.tables[0].head[1:] == (
        "greedy (the most likely character)",
        "drawn at temperature 0.8",
    )
    assert [cell.text for cell in samples.tables[0].rows[0]][::2] == ["plain network", "分开就太阳"]


def test_models_have_human_names_and_their_codes_are_titles(documents: Documents) -> None:
    text = page.html(*documents["bundled", "lectures"])
    assert '<span title="nets/plain">plain network</span>' in text
    assert ">nets/plain<" not in text


def test_samples_of_other_corpora_than_ours_are_withheld(documents: Documents) -> None:
    text = page.html(*documents["upstream", "lectures"])
    assert WITHHELD[32:] in text
    assert "月亮" not in text
    assert "王小红" not in text


def test_beyond_the_lectures_there_are_no_studies(documents: Documents) -> None:
    found = anchors(page.html(*documents["bundled", "beyond"]))
    assert {"nietzsche-curves", "findings"} <= found
    assert not found & {"line", "hard", "spectra"}


def test_the_markdown_page_has_all_tables_but_samples(documents: Documents) -> None:
    text = page.markdown(*documents["bundled", "lectures"], ["nietzsche"])
    assert "## 困惑度 — a lecture & more" in text
    assert "![Scores on held-out records](figures/nietzsche.svg)" in text
    claim = "| holds | Networks lose less than counts |"
    assert text.index("1 of 3 claims hold") < text.index(claim)
    assert "| plain network `nets/plain` |" in text
    assert "### Caveats" in text
    assert "月亮" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows), "no text ends its row"


@pytest.mark.usefixtures("bundled")
def test_charts_say_in_words_what_they_show_and_draw_the_same_bytes(documents: Documents) -> None:
    first = [*charts(documents["bundled", "lectures"][1])]
    assert len(first) > 10
    assert first == [*charts(page.document(load()))]
    for chart in first:
        assert chart.title
        assert chart.caption.endswith(".")
        assert "<dc:date>" not in chart.svg


FILES = [
    "data/evaluation",
    "data/examined",
    "data/runs",
    "data/studies/error_surface/paths.csv",
    "data/studies/line/by_hand.gif",
    "data/studies/line/points.csv",
    "data/studies",
    "metrics/claims.csv",
    "metrics/clean",
    "metrics/comparisons.csv",
    "metrics/published.csv",
    "metrics/scores.csv",
]


@pytest.mark.parametrize("missing", [*([name] for name in FILES), FILES])
def test_whatever_is_missing_the_rest_is_shown(
    missing: list[str],
    projects: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = shutil.copytree(projects["bundled"], tmp_path / "project")
    monkeypatch.chdir(folder)
    for name in missing:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    monkeypatch.setattr(Figure, "savefig", lambda _, out, **__: out.write("<svg/>"))  # for time
    for pipeline in ("lectures", "beyond"):
        inputs = load(pipeline)
        assert "overview" in anchors(page.html(inputs, page.document(inputs)))


def test_the_stage_writes_pages_figures_and_curves(
    projects: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shutil.copytree(projects["bundled"], tmp_path / "project"))
    for pipeline, results in paths.PIPELINES.items():
        report.main(pipeline)
        assert results.report.read_text(encoding="utf-8").startswith("<!doctype html>")
        assert results.tables.read_text(encoding="utf-8").startswith("# ")
        assert results.figure("nietzsche").read_text(encoding="utf-8").startswith("<?xml")
    lines = example.MAIN.curves("nietzsche").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == [
        "experiment,variant,epoch,train_loss,valid_loss,gradient_norm",
        "nets,plain,1,5.1,4,1",
    ]
    assert len(lines) == 1 + 2 * 6
    assert not example.BEYOND.curves("hard").exists()


def test_the_committed_report_cites_the_committed_run_on_the_lectures_corpora() -> None:
    replicated = files.read_json(ROOT / paths.REPLICATED)
    cited = re.findall(r"commit ([^)]+)\)", (ROOT / "metrics/tables.md").read_text("utf-8"))
    assert {*cited} == {replicated["commit"]}
