"""The report of a whole project, and of one from which anything is missing."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from recurrent.common import paths
from recurrent.report import page
from recurrent.report.charts import LINES, parts
from recurrent.report.inputs import load
from recurrent.report.samples import WITHHELD
from recurrent.report.views import Chart, Section
from stages import report
from tests.report import example
from tests.report.conftest import Documents

ANCHORS = {
    "overview",
    *("nietzsche", "nietzsche-published", "nietzsche-scores", "nietzsche-compared", "line"),
    *("nietzsche-curves", "nietzsche-samples", "nietzsche-caveats", "hard", "error-surface"),
    *("clipping", "gradient-norms", "findings", "gradient-flow", "powers", "spectra"),
    *("hard-curves", "entities", "embeddings"),
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
    assert (
        text.count("&lt;script&gt;") == 3
    )  # a caveat, a sample, and a text beside a published one
    assert '<span lang="zh">困惑度</span>' in text
    assert "cannot be compared" in text
    assert WITHHELD[32:] not in text


def test_samples_of_other_corpora_than_ours_are_withheld(documents: Documents) -> None:
    text = page.html(*documents["upstream", "lectures"])
    assert WITHHELD[32:] in text
    assert "月亮" not in text
    assert "王小红" not in text


def test_beyond_the_lectures_there_are_no_studies(documents: Documents) -> None:
    found = anchors(page.html(*documents["bundled", "beyond"]))
    assert {"nietzsche-curves", "findings"} <= found
    assert not found & {"line", "powers", "hard", "spectra"}


def test_the_markdown_page_has_all_tables_but_samples(documents: Documents) -> None:
    text = page.markdown(*documents["bundled", "lectures"], ["nietzsche"])
    assert "## 困惑度 — a lecture & more" in text
    assert "![Scores on held-out records](figures/nietzsche.svg)" in text
    assert "| reproduced | A1 · networks | `nets/plain` |" in text
    assert "### Caveats" in text
    assert "月亮" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows), "no text ends its row"


@pytest.mark.usefixtures("bundled")
def test_charts_say_in_words_what_they_show_and_draw_the_same_bytes(documents: Documents) -> None:
    first = [*charts(documents["bundled", "lectures"][1])]
    assert len(first) > 12
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


def test_no_chart_has_more_lines_than_the_style_keeps_apart() -> None:
    names = [f"n{place}" for place in range(2 * LINES + 1)]
    found = parts(names)
    assert [len(part) for part in found] == [7, 7, 7]
    assert [name for part in found for name in part] == names
    assert parts([]) == []
