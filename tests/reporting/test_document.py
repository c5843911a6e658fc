"""The page of everything: what it counts, what it keeps to itself, what it does without."""

import shutil
from pathlib import Path

import pytest

from stages.reporting import curves, document, lines, overview, printed, verdicts
from tests.reporting import made_up, metrics


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Metrics of both kinds of corpora."""
    return {
        source: metrics.everything(tmp_path_factory.mktemp(source), source)
        for source in ("bundled", "upstream")
    }


@pytest.fixture(scope="module")
def pages(folders: dict[str, Path]) -> dict[str, str]:
    return {source: render(folder) for source, folder in folders.items()}


def render(folder: Path) -> str:
    return document.render(folder, made_up.lectures())


def table(folder: Path) -> list[lines.Line]:
    return lines.read(folder / "replication.csv")


def test_verdicts_are_counted_of_printed_figures_alone(folders: dict[str, Path]) -> None:
    counted = verdicts.count(table(folders["upstream"]))
    assert counted == {
        "reproduced": 1,
        "better": 1,
        "not reproduced": 2,
        "no verdict": 1,
        "not comparable": 0,
        "not run": 0,
    }
    assert verdicts.count(table(folders["bundled"]))["not comparable"] == 5


@pytest.mark.parametrize(
    ("text", "label", "kind", "detail"),
    [
        ("reproduced (3 of 3 seeds write this)", "reproduced", "good", "(3 of 3 seeds write this)"),
        ("not reproduced", "not reproduced", "bad", ""),
        ("no verdict: one character's loss", "no verdict", "void", "one character's loss"),
        ("not run: no loss of epoch 3", "not run", "void", "no loss of epoch 3"),
        ("behind bayes (-0.1 ± 0.2)", "behind", "bad", "bayes (-0.1 ± 0.2)"),
        ("of its source: +0.0056", "note", "void", "of its source: +0.0056"),
    ],
)
def test_a_verdict_is_a_badge_with_words(text: str, label: str, kind: str, detail: str) -> None:
    found = verdicts.read(text)
    assert found is not None
    assert (found.label, found.kind, found.detail) == (label, kind, detail)
    assert found.sign, "not by colour alone"


def test_every_verdict_that_evaluate_gives_is_known() -> None:
    source = Path("stages/evaluation/printed.py").read_text(encoding="utf-8")
    assert all(f'"{label}' in source or f'f"{label}' in source for label in verdicts.PRINTED)


def test_the_first_screen_says_what_came_of_it(folders: dict[str, Path]) -> None:
    found = {
        source: overview.overview(made_up.lectures(), table(folder), folder)
        for source, folder in folders.items()
    }
    assert "none of these can be compared" in found["bundled"].sentence
    assert "4 can be compared" in found["upstream"].sentence
    assert "2 are not" in found["upstream"].sentence
    assert [tile.figure for tile in found["upstream"].tiles] == ["1", "1", "2", "1", "50%"]
    assert [tile.label for tile in found["bundled"].tiles] == ["not comparable", "lyrics"]
    assert found["bundled"].missed is None
    missed = found["upstream"].missed
    assert missed is not None
    assert "0.5000 away; allowed were 0.2000" in missed.rows[0][-1].text


def test_the_way_to_the_best_possible_begins_at_the_best_without_a_network(
    folders: dict[str, Path],
) -> None:
    (gap,) = overview.gaps(made_up.lectures(), table(folders["bundled"]))
    assert gap.best is not None
    assert (gap.best.experiment, gap.share(gap.best)) == ("net", 0.5)  # 2.0 -> 1.5 of 1.0
    assert [gap.share(line) for line in gap.networks] == pytest.approx([0.5, 0.1, -0.5])


def test_distances_are_in_units_of_what_is_allowed(folders: dict[str, Path]) -> None:
    found = printed.distances(made_up.lectures(), table(folders["upstream"]))
    assert [round(distance, 3) for distance, _ in found["C1"]] == [0.5, -10.0]
    assert [round(distance, 3) for distance, _ in found["C2"]] == [2.5]


def test_an_older_table_lacks_a_line_and_keeps_the_others(folders: dict[str, Path]) -> None:
    lines_ = table(folders["upstream"])
    pairs = printed.paired(made_up.lectures(), lines_)
    assert [line for _, line in pairs] == lines_[:5]
    fewer = printed.paired(made_up.lectures(), lines_[1:])
    assert fewer == pairs[1:]


def test_what_needs_no_corpus_is_compared_on_any(tmp_path: Path) -> None:
    metrics.replication(tmp_path)
    with (tmp_path / "replication.csv").open("a", encoding="utf-8") as file:
        print(*(f'"{field}"' for field in made_up.COMPUTED), sep=",", file=file)
    metrics.demonstrations(tmp_path)
    lectures = made_up.lectures() | {"hard": made_up.HARD}
    said = overview.overview(lectures, table(tmp_path), tmp_path)
    assert "5 figures that the lectures print are of their own corpora" in said.sentence
    assert said.sentence.endswith("Figures that need no corpus: 1 of 1 reproduced or bettered.")
    text = document.render(tmp_path, lectures)
    chapter = text[text.index('<section id="hard"') :]
    assert 'id="line"' in chapter, "a study stands with the lecture that lists its row"
    assert 'id="error-surface"' in chapter
    assert "printed by the lecture" in chapter
    assert 'id="powers"' in chapter[chapter.index('id="difficulties"') :], "no lecture lists D5"


def test_a_lecture_of_studies_alone_has_its_caveats(tmp_path: Path) -> None:
    metrics.replication(tmp_path)
    metrics.demonstrations(tmp_path)
    text = document.render(tmp_path, {"hard": made_up.HARD})
    assert "The lecture draws at random." in text
    assert "Measured on" not in text


def test_hostile_text_is_text(pages: dict[str, str]) -> None:
    for text in pages.values():
        assert made_up.HOSTILE not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_lecture_may_not_smuggle_anything_in(folders: dict[str, Path]) -> None:
    hostile = f"*a* {made_up.HOSTILE} 困<b>"
    lecture = made_up.LECTURE.model_copy(update={"title": hostile, "caveats": {"C1": hostile}})
    text = document.render(folders["bundled"], {"lyrics": lecture})
    assert made_up.HOSTILE not in text
    assert "困<b>" not in text
    assert "<em>a</em> &lt;script&gt;" in text


def test_samples_are_printed_of_bundled_corpora_alone(pages: dict[str, str]) -> None:
    assert "分开" in pages["bundled"]
    assert "王小红" in pages["bundled"]
    for secret in ("月亮", "王小红", "豪迈"):
        assert secret not in pages["upstream"], "a file in git, and not our words"
    assert "are not printed here" in pages["upstream"]
    assert "are not printed here" not in pages["bundled"]


def test_a_curve_is_the_mean_of_the_seeds_by_epoch(folders: dict[str, Path]) -> None:
    path = folders["bundled"] / "history/net.csv"
    curve = curves.read(path, ("train_loss",), perplexity=False)
    assert sorted(curve) == [1, 2, 3, 4, 5, 6]
    assert curve[1] == pytest.approx([5.0, 5.1, 5.2])
    assert curves.read(path, ("nothing", "valid_loss"), True)[6][0] == pytest.approx(1.9477, 1e-3)
    assert curves.read(path.with_name("none.csv"), ("train_loss",), False) == {}


def test_experiments_share_a_chart_by_what_they_have_in_common() -> None:
    trained = {
        name: curves.Training("lines", 160 if name == "late" else 6)
        for name in ("net", "deep", "residual", "other", "late", *(f"more_{n}" for n in range(7)))
    }
    found = curves.groups(made_up.LECTURE, trained)
    assert found[0] == ("as the lecture trains them", ["net", "deep"])
    assert found[1] == ("how deep", ["net", "deep", "residual"])
    assert [len(group.names) for group in found[2:]] == [4, 4, 1]
    assert found[-1].names == ["late"], "160 epochs would hide what six look like"


SECTIONS = {
    "entities-maps": "probes/entities.csv",
    "line": "demonstrations/line",
    "error-surface": "demonstrations/error_surface",
    "powers": "demonstrations/powers",
    "gradient-norms": "gradients",
    "health": "health",
    "through-time": "probes/through_time.csv",
    "spectra": "probes",
    "clipping": "probes/clipping.csv",
    "lyrics-curves": "history",
    "lyrics-samples": "samples",
}


@pytest.mark.parametrize("anchor", SECTIONS)
def test_what_has_no_files_has_no_section(
    folders: dict[str, Path], pages: dict[str, str], tmp_path: Path, anchor: str
) -> None:
    assert f'id="{anchor}"' in pages["bundled"]
    copy = tmp_path / "metrics"
    shutil.copytree(folders["bundled"], copy)
    gone = copy / SECTIONS[anchor]
    gone.unlink() if gone.is_file() else shutil.rmtree(gone)
    text = render(copy)
    assert f'id="{anchor}"' not in text
    assert f'href="#{anchor}"' not in text


def test_the_table_alone_is_enough(tmp_path: Path) -> None:
    metrics.replication(tmp_path)
    shutil.rmtree(tmp_path / "clean")
    text = render(tmp_path)
    assert "Five lectures" in text
    assert "difficulties" not in text


def test_the_same_folder_gives_the_same_bytes(
    folders: dict[str, Path], pages: dict[str, str]
) -> None:
    assert render(folders["bundled"]) == pages["bundled"]


def test_the_page_is_one_file(pages: dict[str, str]) -> None:
    for text in pages.values():
        assert len(text.encode()) < 3_000_000
        addresses = ("http://", "https://", "url(http", "@import", 'src="//')
        inside = text.replace("http://www.w3.org/1999/xlink", "").replace(
            "http://www.w3.org/2000/svg", ""
        )
        assert not [address for address in addresses if address in inside]
        assert "#0102" not in inside, "a colour that stands for a variable was left"


def test_chinese_is_marked_as_such() -> None:
    assert document.marked("LSTM 长短期记忆 <b>") == (
        'LSTM <span lang="zh">长短期记忆</span> &lt;b&gt;'
    )


@pytest.mark.parametrize(
    ("value", "like", "written"),
    [
        (None, None, ""),
        (0.12344, None, "0.1234"),
        (50390.0, None, "50,390"),
        (276.815235, None, "276.8"),
        (12.8405, None, "12.84"),
        (0.0004, 276.8, "0.0"),
        (-0.5, None, "−0.5000"),
        (1.0, None, "1.0000"),
    ],
)
def test_figures_have_the_decimals_that_mean_something(
    value: float | None, like: float | None, written: str
) -> None:
    assert lines.number(value, like) == written


def test_a_model_without_a_network_is_one_though_it_has_a_rival() -> None:
    assert verdicts.is_baseline("baseline")
    assert verdicts.is_baseline("baseline: beats forest (+0.0100 ± 0.0030)")
    assert not verdicts.is_baseline("beats baseline")
    assert not verdicts.is_baseline(float("nan"))
