"""Lists of results: claims, systems, and networks against counting."""

from dataclasses import replace

import pytest

from recurrent.evaluation.quantities import Statement
from recurrent.evaluation.verdicts import of_system
from recurrent.report import results
from recurrent.report.inputs import Inputs, load
from tests.report import example


@pytest.fixture
def inputs(upstream: None) -> Inputs:
    return load()


def test_a_system_is_reproduced_if_all_its_numbers_are_or_are_within_seed_noise() -> None:
    rows = [example.published(), example.published(verdict="within seed noise")]
    assert of_system(rows) == "reproduced"
    assert of_system([*rows, example.published(verdict="differs")]) == "differs"


def test_a_system_is_marked_by_its_least_certain_number() -> None:
    sure, noisy, off = (
        example.published(verdict=verdict)
        for verdict in ("reproduced", "within seed noise", "differs")
    )
    assert results.mark([sure]) == "reproduced"
    assert results.mark([sure, noisy]) == "within seed noise"
    assert results.mark([noisy, off, sure]) == "differs"


def test_a_system_has_its_name_and_its_last_number_with_a_unit(inputs: Inputs) -> None:
    group = results.of_systems(inputs, "nietzsche")
    assert group is not None
    first, second = group.results
    assert first.text == "A1 · networks"
    assert first.verdict == "differs"
    assert second.text == "A8 · descent on a line"
    assert second.value == "loss at step 1000: 0.6 → 0.7"
    assert results.of_systems(inputs, "hard") is None


def test_systems_that_cannot_be_compared_are_listed_with_the_reason(inputs: Inputs) -> None:
    lost = example.published(row="A8", verdict=None, ours=None, reason="the corpus is unavailable")
    known = replace(inputs, published=(example.published(), lost))
    group = results.not_compared(known)
    assert group is not None
    ((only,),) = (group.results,)
    assert (only.text, only.value) == ("A8 · descent on a line", "the corpus is unavailable")
    assert results.not_compared(inputs) is None


def test_a_claim_says_what_was_measured_in_which_models(inputs: Inputs) -> None:
    group = results.of_claims(inputs, "nietzsche")
    assert group is not None
    holds, undecided, fails = group.results
    assert holds.detail == (
        "Measured: loss of the network minus that of the counts. Claimed: below 0. "
        "95 % interval over 3 seeds: −0.700 to −0.300. Models: plain network; counts, bigram."
    )
    assert "One seed, so the margin alone decides: −0.100 to 0.300." in undecided.detail
    assert fails.detail.endswith("The corpus is short.")
    lecture = inputs.lectures["nietzsche"]
    statement = {"row": "A1", "statement": "s", "measured": "m", "unit": "", "below": 0}
    narrow = Statement.model_validate({**statement, "value": 1, "margin": 0.2})
    known = lecture.model_copy(update={"claims": {"three_beat_two": narrow}})
    group = results.of_claims(replace(inputs, lectures={"nietzsche": known}), "nietzsche")
    assert group is not None
    assert "The margin decides: −0.700 to −0.300. The 95 % interval over 3 seeds is narrower." in (
        group.results[0].detail
    )


def test_the_network_that_validation_chooses_is_compared_with_counting(inputs: Inputs) -> None:
    group = results.of_held_out(inputs, "nietzsche")
    assert group is not None
    (chosen,) = group.results
    assert chosen.verdict == "better"
    assert chosen.text == f"On {example.RECORDS}, the plain network beats counts, bigram by 0.50"
    assert chosen.value == "loss 1.50 nats per character"
    assert "Best possible: 1.00." in chosen.detail
    worse = tuple(
        score._replace(ours=score.ours + 1) if score.method == "descent" else score
        for score in inputs.scores
    )
    group = results.of_held_out(replace(inputs, scores=worse), "nietzsche")
    assert group is not None
    assert "loses to counts, bigram by 0.50" in group.results[0].text
    level = (example.comparison(verdict="level"),)
    for compared, verdict, says in (
        (level, "level", "is level with counts, bigram (0.50 better, not significant)"),
        ((), "not compared", "is 0.50 better than counts, bigram (not tested)"),
    ):
        group = results.of_held_out(replace(inputs, comparisons=compared), "nietzsche")
        assert group is not None
        assert group.results[0].verdict == verdict
        assert group.results[0].text.endswith(says)


def test_a_group_is_a_table_too_with_details_in_the_chapter_only(inputs: Inputs) -> None:
    group = results.of_claims(inputs, "nietzsche")
    assert group is not None
    assert group.table.head == ("verdict", "result", "measured")
    assert group._replace(anchor="").table.head == ("verdict", "result", "measured", "detail")
