"""What is said of a printed figure, and where ours is found."""

from pathlib import Path
from typing import Any

import pytest

from stages import files
from stages.evaluation.printed import find, verdict
from tests.evaluation.figures import figure

EVALUATION: dict[str, Any] = {"origin": {"source": "upstream", "name": "text.txt"}}


def judged(
    ours: float | None, *, spread: float | None = None, source: str = "upstream", **changes: object
) -> str:
    return verdict(figure(**changes), ours, spread, source, wanted="upstream")


@pytest.mark.parametrize(
    ("ours", "better", "expected"),
    [
        (0.979, "higher", "reproduced"),
        (0.9845, "higher", "reproduced"),
        (0.9735, "higher", "reproduced"),
        (0.995, "higher", "better"),
        (0.995, "lower", "not reproduced"),
        (0.995, None, "not reproduced"),
        (0.95, "higher", "not reproduced"),
        (0.95, "lower", "better"),
        (0.95, None, "not reproduced"),
    ],
)
def test_ours_is_reproduced_better_or_neither(
    ours: float, better: str | None, expected: str
) -> None:
    assert judged(ours, better=better) == expected


@pytest.mark.parametrize("ours", [0.969, 0.989])
def test_a_difference_of_the_tolerance_itself_is_still_within_it(ours: float) -> None:
    assert judged(ours, better=None) == "reproduced"


def test_the_spread_of_the_seeds_widens_the_tolerance_and_never_narrows_it() -> None:
    assert judged(0.95, spread=0.001) == "not reproduced"
    assert judged(0.95, spread=0.02) == "reproduced"
    assert judged(0.97, spread=0.0001) == "reproduced"


def test_a_count_is_met_exactly_or_not_at_all() -> None:
    assert judged(50_390, printed=50_390, tolerance=0, better=None) == "reproduced"
    assert judged(50_391, printed=50_390, tolerance=0, better=None) == "not reproduced"


def test_what_was_not_run_is_no_failure() -> None:
    assert judged(None) == "not run: the corpus could not be had"
    assert verdict(figure(), None, None, "upstream", wanted="bundled") == "not run"


@pytest.mark.parametrize("source", ["bundled", "mine.txt"])
def test_another_corpus_is_never_compared(source: str) -> None:
    asked = verdict(figure(), 0.979, None, source, wanted="bundled")
    assert asked == "not comparable: another corpus"
    assert judged(0.979, source=source) == "not comparable: the lecture's corpus could not be had"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the history and the samples of one experiment."""
    monkeypatch.chdir(tmp_path)
    history = tmp_path / "metrics/history/net.csv"
    history.parent.mkdir(parents=True)
    history.write_text("seed,epoch,valid_loss\n0,1,2.0\n0,2,1.0\n1,1,4.0\n1,2,1.5\n")
    by_seed = {"0": {"th": "the"}, "1": {"th": "tha"}, "2": {"th": "the"}}
    files.write_json(tmp_path / "metrics/samples/net.json", {"by_seed": by_seed})
    return tmp_path


def test_a_figure_of_an_epoch_is_found_in_the_history(project: Path) -> None:
    wanted = figure(metric="valid_loss", epoch=1)
    found = find(wanted, {"net": EVALUATION}, project / "metrics")
    assert (found["ours"], found["seeds"], found["source"]) == (3.0, 2, "upstream")
    assert found["spread"] == pytest.approx(2**0.5, abs=1e-6)


def test_an_epoch_that_was_not_run_leaves_the_field_empty(project: Path) -> None:
    wanted = figure(metric="valid_loss", epoch=3)
    assert find(wanted, {"net": EVALUATION}, project / "metrics") == {}


def test_a_text_is_that_of_the_first_seed_and_says_how_many_agree(project: Path) -> None:
    wanted = figure(metric="get_next", prefix="th", printed="the")
    found = find(wanted, {"net": EVALUATION}, project / "metrics")
    assert found["ours"] == "the"
    assert found["remark"] == " (2 of 3 seeds write this)"


@pytest.mark.parametrize(("ours", "said"), [("the", "reproduced"), ("tha", "not reproduced")])
def test_a_text_is_the_same_or_it_is_not(ours: str, said: str) -> None:
    wanted = figure(metric="get_next", prefix="th", printed="the")
    assert verdict(wanted, ours, None, "upstream", wanted="upstream") == said


def test_a_figure_that_says_nothing_gets_no_verdict() -> None:
    wanted = figure(void="one character's loss")
    assert verdict(wanted, 0.979, None, "upstream", wanted="upstream") == (
        "no verdict: one character's loss"
    )


def test_only_as_much_text_is_compared_as_the_lecture_prints(project: Path) -> None:
    wanted = figure(metric="get_next", prefix="th", printed="th")
    assert find(wanted, {"net": EVALUATION}, project / "metrics")["ours"] == "th"


@pytest.mark.parametrize("change", [{"prefix": "an"}, {"experiment": "other", "prefix": "th"}])
def test_a_text_that_was_not_asked_for_leaves_the_field_empty(
    project: Path, change: dict[str, object]
) -> None:
    wanted = figure(metric="get_next", printed="the", **change)
    evaluations = {"net": EVALUATION, "other": EVALUATION}
    assert find(wanted, evaluations, project / "metrics") == {}


def test_a_metric_that_the_history_lacks_leaves_the_field_empty(project: Path) -> None:
    wanted = figure(metric="train_loss", epoch=1)
    assert find(wanted, {"net": EVALUATION}, project / "metrics") == {}
