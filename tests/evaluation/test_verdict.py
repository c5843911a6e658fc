"""What is said of a printed figure."""

import pytest

from recurrent.evaluation.published import verdict
from tests.evaluation.figures import figure


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


@pytest.mark.parametrize(("ours", "said"), [("the", "reproduced"), ("tha", "not reproduced")])
def test_a_text_is_the_same_or_it_is_not(ours: str, said: str) -> None:
    wanted = figure(metric="get_next", prefix="th", printed="the")
    assert verdict(wanted, ours, None, "upstream", wanted="upstream") == said


def test_a_figure_that_says_nothing_gets_no_verdict() -> None:
    wanted = figure(void="one character's loss")
    assert verdict(wanted, 0.979, None, "upstream", wanted="upstream") == (
        "no verdict: one character's loss"
    )
