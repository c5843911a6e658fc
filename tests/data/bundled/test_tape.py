import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.synthetic.tape import Alternatives, Reader, Tape, Writer

# Words of few letters, so that many of them begin one another.
WEIGHTS = st.dictionaries(
    st.text("abé", min_size=1, max_size=4), st.integers(1, 50), min_size=1, max_size=8
)


@given(WEIGHTS)
def test_an_options_characters_cost_its_surprise(weights: dict[str, int]) -> None:
    alternatives = Alternatives(weights)
    total = sum(weights.values())
    for option, weight in weights.items():
        assert len(alternatives.costs[option]) == len(option)
        cost = sum(alternatives.costs[option]) + alternatives.ending_cost[option]
        assert cost == pytest.approx(-math.log(weight / total), abs=1e-9)


@given(st.lists(WEIGHTS, min_size=1, max_size=6), st.integers(), st.data())
def test_a_reader_recovers_what_a_writer_drew(
    grammar: list[dict[str, int]], seed: int, data: st.DataObject
) -> None:
    choices = [Alternatives(weights) for weights in grammar]
    between = data.draw(st.sampled_from([" ", ", ", "\n", "7"]))

    def write(tape: Tape) -> list[str]:
        picked = []
        for choice in choices:
            picked.append(tape.pick(choice))
            tape.say(between)
        return picked

    writer = Writer(seed)
    drawn = write(writer)
    reader = Reader(writer.text)
    assert write(reader) == drawn
    assert reader.finished
    assert reader.length == writer.length == len(writer.text)
    assert reader.nats == pytest.approx(sum(writer.nats), abs=1e-9)


def test_options_are_drawn_by_their_weights() -> None:
    alternatives = Alternatives({"often": 3, "rarely": 1})
    rng = random.Random(0)
    drawn = [alternatives.draw(rng) for _ in range(4000)]
    assert drawn.count("often") == pytest.approx(3000, abs=120)


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"": 1, "a": 1},
        {"a": 0},
        {"a": -1, "b": 2},
        {" ": 1, " (": 1},  # ends in no letter: what follows could not tell
        {"he": 1, "he who": 1},  # goes on with no letter: a space fits both
        {"Plato": 1, "Plato's": 1},
        {"1": 1, "12": 1},
    ],
)
def test_ambiguous_or_worthless_alternatives_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"begins another|must be"):
        Alternatives(weights)


def test_the_end_of_a_word_is_paid_by_what_follows_it() -> None:
    alternatives = Alternatives({"the": 1, "then": 3})
    writer = Writer(next(s for s in range(99) if random.Random(s).randrange(4) == 0))
    writer.pick(alternatives)
    writer.say(" ")
    assert writer.text == "the "
    assert writer.nats == pytest.approx([0.0, 0.0, 0.0, math.log(4)])


def test_a_word_may_not_be_glued_to_a_letter() -> None:
    writer = Writer(0)
    writer.pick(Alternatives({"the": 10**9, "then": 1}))
    with pytest.raises(ValueError, match="longer word"):
        writer.say("n")


def test_a_reader_refuses_what_no_alternative_fits() -> None:
    with pytest.raises(ValueError, match="0 alternatives fit at 0"):
        Reader("cat").pick(Alternatives({"dog": 1, "cow": 1}))
    with pytest.raises(ValueError, match="expected"):
        Reader("cat").say("dog")


def test_a_reader_takes_the_whole_word() -> None:
    reader = Reader("then.")
    assert reader.pick(Alternatives({"the": 1, "then": 1})) == "then"
