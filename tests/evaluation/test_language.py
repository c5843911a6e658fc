"""Nats a character, perplexity, and the seeds as one model."""

import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.text.dataset import RunningText
from recurrent.evaluation import language
from tests.data.texts import encoded, some_text

CHANCES = st.lists(st.floats(1e-9, 1), min_size=5, max_size=5)
RECORDS = np.array([190, 191, 193, 197, 199], dtype=np.int32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> RunningText:
    """A text of a source that is unknown."""
    return encoded(tmp_path_factory.mktemp("text"), some_text(200))


def logs(chances: list[float]) -> NDArray[np.float64]:
    return np.array([math.log(chance) for chance in chances])


@given(CHANCES)
def test_perplexity_is_one_over_the_geometric_mean_of_the_probabilities(
    chances: list[float],
) -> None:
    figures = language.figures(logs(chances))
    assert figures["perplexity"] == pytest.approx(math.prod(chances) ** (-1 / 5))
    assert figures["perplexity"] == math.exp(figures["loss"])


def test_a_guess_among_equals_has_their_number_as_perplexity() -> None:
    figures = language.figures(logs([1 / 84] * 10))
    assert figures == pytest.approx({"loss": math.log(84), "perplexity": 84})


@given(st.lists(CHANCES, min_size=2, max_size=4))
def test_together_the_seeds_give_their_mean_probability(
    data: RunningText, chances: list[list[float]]
) -> None:
    gave = {seed: logs(found) for seed, found in enumerate(chances)}
    measured = language.measured(data, RECORDS, gave)
    assert measured.together is not None
    np.testing.assert_allclose(np.exp(measured.together), np.mean(chances, axis=0))
    assert measured.report["together"] == language.figures(measured.together)
    # Jensen: the logarithm of a mean is no less than the mean of the logarithms.
    assert (measured.together >= measured.merit - 1e-12).all()
    assert measured.report["together"]["loss"] <= measured.report["mean"]["loss"] + 1e-6


def test_the_merit_is_the_mean_over_the_seeds(data: RunningText) -> None:
    gave = {3: logs([0.5, 0.25, 1, 1, 0.5]), 7: logs([0.5, 1, 1, 0.25, 0.5])}
    measured = language.measured(data, RECORDS, gave)
    assert (measured.merit / math.log(2)).tolist() == pytest.approx([-1, -1, 0, -1, -1])
    assert measured.records is RECORDS


def test_a_report_has_each_seed_their_mean_and_their_spread(data: RunningText) -> None:
    gave = {3: logs([0.5] * 5), 7: logs([0.125] * 5)}
    report = language.measured(data, RECORDS, gave).report
    assert report["by_seed"][3] == pytest.approx({"loss": math.log(2), "perplexity": 2})
    assert report["by_seed"][7] == pytest.approx({"loss": math.log(8), "perplexity": 8})
    assert report["mean"] == pytest.approx({"loss": math.log(4), "perplexity": 5}, abs=1e-6)
    assert report["spread"]["perplexity"] == pytest.approx(math.sqrt(18), abs=1e-6)
    assert report["characters"] == 5


def test_a_single_seed_is_not_together(data: RunningText) -> None:
    measured = language.measured(data, RECORDS, {0: logs([0.5] * 5)})
    assert measured.together is None
    assert not {"together", "spread"} & measured.report.keys()


@pytest.mark.parametrize(
    ("changes", "protocol", "on"),
    [
        ({}, "held-out", "the last 20 of 200 characters"),
        ({"valid": 0.0, "test": 0.25}, "held-out", "the last 50 of 200 characters"),
        ({"valid": 0.25, "test": 0.0}, "validation text", None),
        ({"split": "random", "valid": 0.2, "test": 0.0}, "lecture's split", None),
        ({"split": "last", "valid": 0.0, "test": 0.0}, "lecture's split", None),
        ({"valid": 0.0, "test": 0.0}, "its training text", "the 5 characters that trained it"),
    ],
)
def test_a_figure_says_how_far_its_text_is_from_training(
    tmp_path: Path, changes: dict[str, Any], protocol: str, on: str | None
) -> None:
    text = encoded(tmp_path, some_text(200), **changes)
    report = language.measured(text, RECORDS, {0: logs([0.5] * 5)}).report
    assert (report["protocol"], report.get("on")) == (protocol, on)


def test_held_out_text_is_named_by_its_length(tmp_path: Path) -> None:
    text = encoded(tmp_path, some_text(10_000))
    assert language.protocol(text) == "held-out"
    assert language.place(text, 999) == {"on": "the last 1,000 of 10,000 characters"}


def test_training_text_is_named_by_what_was_asked_of_it(tmp_path: Path) -> None:
    text = encoded(tmp_path, some_text(200), valid=0.0, test=0.0)
    assert language.protocol(text) == "its training text"
    assert language.place(text, 9_984) == {"on": "the 9,984 characters that trained it"}


def in_view(data: RunningText, gave: dict[int, list[float]], seen: dict[int, list[float]]) -> Any:
    """The report of a model that looks ahead before it is marked, and after."""
    before, view = (
        language.measured(data, RECORDS, {seed: logs(found) for seed, found in asked.items()})
        for asked in (gave, seen)
    )
    report = deepcopy(before.report)
    language.by_prefix(report, view.report)
    return before.report, report


def test_what_has_seen_the_answer_stands_beside_the_figures_and_changes_none(
    data: RunningText,
) -> None:
    before, report = in_view(data, {3: [0.5] * 5, 7: [0.125] * 5}, {3: [1.0] * 5, 7: [0.25] * 5})
    loss, perplexity = (f"{name}_with_the_answer_in_view" for name in ("loss", "perplexity"))
    assert report["by_seed"][3] == {**before["by_seed"][3], loss: 0, perplexity: 1}
    assert report["by_seed"][7] == {
        **before["by_seed"][7],
        loss: pytest.approx(math.log(4)),
        perplexity: pytest.approx(4),
    }
    assert report["mean"] == {
        **before["mean"],
        loss: pytest.approx(math.log(2), abs=1e-6),
        perplexity: pytest.approx(2.5),
    }
    assert report["spread"] == {
        **before["spread"],
        loss: pytest.approx(math.log(4) / 2**0.5, abs=1e-6),
        perplexity: pytest.approx(3 / 2**0.5, abs=1e-6),
    }
    assert report.keys() == before.keys()
    changed = {key for key in report if report[key] != before[key]}
    assert changed == {"protocol", "by_seed", "mean", "spread"}


def test_what_looks_ahead_is_not_held_out_as_language_models_are(data: RunningText) -> None:
    before, report = in_view(data, {0: [0.5] * 5}, {0: [1.0] * 5})
    assert (before["protocol"], report["protocol"]) == ("held-out", "held-out by prefix")
    assert report["mean"]["loss"] == pytest.approx(math.log(2), abs=1e-6)
    assert report["mean"]["loss_with_the_answer_in_view"] == 0
    assert "spread" not in report


def test_the_floor_is_of_the_measured_characters_and_no_other(tmp_path: Path) -> None:
    nats = [50.0] * 200
    for place, cost in zip(RECORDS, (1, 2, 3, 4, 5), strict=True):
        nats[place] = cost
    text = encoded(tmp_path, some_text(200), nats)
    report = language.measured(text, RECORDS, {0: logs([0.5] * 5)}).report
    assert report["floor"] == pytest.approx({"loss": 3, "perplexity": math.exp(3)}, abs=1e-6)


def test_an_unknown_source_has_no_floor(data: RunningText) -> None:
    assert language.measured(data, RECORDS, {0: logs([0.5] * 5)}).report["floor"] is None


def test_models_on_the_same_stretch_share_their_ground(tmp_path: Path) -> None:
    def ground(characters: str = "abcdef", **changes: Any) -> str:
        text = encoded(tmp_path, some_text(200, characters), **changes)
        return language.measured(text, RECORDS, {0: logs([0.5] * 5)}).ground

    assert ground() == ground(steps=8, stride=1, targets="last") != ""
    assert ground(test=0.2) != ground()
    assert ground("uvwxyz") != ground(), "the same stretches of another text"
    assert ground(split="random", valid=0.2, test=0.0) == ""
