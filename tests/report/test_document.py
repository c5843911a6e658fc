"""The page of everything: what it keeps to itself, what it does without."""

import shutil
from pathlib import Path

import pytest

from recurrent.report import document, lines
from tests.report import made_up, metrics


@pytest.fixture(scope="module")
def pages(folders: dict[str, Path]) -> dict[str, str]:
    return {source: render(folder) for source, folder in folders.items()}


def render(folder: Path) -> str:
    return document.render(folder, made_up.lectures())


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
