import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.synthetic.tape import Alternatives, Reader, Tape, Writer

# Words of few letters, so that many of them are the start of another one.
WEIGHTS = st.dictionaries(
    st.text("abé", min_size=1, max_size=4), st.integers(1, 50), min_size=1, max_size=8
)


@given(WEIGHTS)
def test_the_characters_of_a_word_cost_its_surprise(weights: dict[str, int]) -> None:
    alternatives = Alternatives(weights)
    for word, weight in weights.items():
        cost = sum(alternatives.costs[word]) + alternatives.ending_cost[word]
        assert len(alternatives.costs[word]) == len(word)
        assert cost == pytest.approx(-math.log(weight / sum(weights.values())), abs=1e-9)


@given(st.lists(WEIGHTS, min_size=1, max_size=6), st.integers(), st.sampled_from([" ", ", ", "7"]))
def test_a_reader_recovers_the_choices_and_costs_of_a_writer(
    choices: list[dict[str, int]], seed: int, between: str
) -> None:
    def derive(tape: Tape) -> list[str]:
        picked = []
        for weights in choices:
            picked.append(tape.pick(Alternatives(weights)))
            tape.say(between)
        return picked

    writer = Writer(seed)
    drawn = derive(writer)
    reader = Reader(writer.text)
    assert derive(reader) == drawn
    assert reader.nats == writer.nats
    assert reader.length == len(writer.text)


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"": 1, "a": 1},
        {"a": -1, "b": 2},
        {" ": 1, " (": 1},  # what follows does not tell where the shorter one ends
        {"he": 1, "he who": 1},
        {"1": 1, "12": 1},
    ],
)
def test_ambiguous_or_impossible_alternatives_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"ambiguous|positive"):
        Alternatives(weights)


def test_the_character_after_a_word_carries_the_cost_of_its_end() -> None:
    reader = Reader("the ")
    assert reader.pick(Alternatives({"the": 1, "then": 3})) == "the"
    reader.say(" ")
    assert reader.nats == pytest.approx([0, 0, 0, math.log(4)])


def test_a_letter_right_after_a_word_that_could_go_on_is_refused() -> None:
    writer = Writer(0)
    writer.pick(Alternatives({"the": 10**9, "then": 1}))
    with pytest.raises(ValueError, match="reads as a longer word"):
        writer.say("n")


def test_a_reader_refuses_a_text_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="0 alternatives fit at character 0"):
        Reader("cat").pick(Alternatives({"dog": 1, "cow": 1}))
    with pytest.raises(ValueError, match="expected 'dog' at character 0"):
        Reader("cat").say("dog")
