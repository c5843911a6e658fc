import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common.errors import PipelineError
from recurrent.data.synthetic.grammar import Grammar, Option, blend, load
from recurrent.data.synthetic.tape import Reader, Writer
from recurrent.data.synthetic.words import WordList

WORDS: dict[str, Any] = {
    "nouns": {
        "forms": [{"number": "one"}, {"number": "many", "spelling": "add_s"}],
        "words": "cat fly",
    },
    "verbs": {"weights": {"runs": {"weight": 1, "number": "one"}, "run": {"weight": 1}}},
}
SPELLINGS = {"add_s": {"y$": "ies", "$": "s"}}


def derived(rules: dict[str, Any], size: int = 1, **keys: Any) -> Writer:
    """Return what a grammar derives; a reader finds the same costs."""
    grammar = Grammar(
        {"start": "start", "rules": rules, "words": WORDS, "spellings": SPELLINGS, **keys}
    )
    writer = Writer(0)
    grammar.derive(writer, size)
    reader = Reader(writer.text)
    grammar.derive(reader, len(writer.text))
    assert reader.nats == writer.nats
    return writer


def test_words_agree_in_their_features() -> None:
    rules = {
        "start": "{noun -> number} {verb number}. ",
        "noun": [{"share": 1, "words": "nouns"}],
        "verb": [{"share": 1, "words": "verbs"}],
    }
    found = {*derived(rules, 3000).text.split(". ")} - {""}
    assert found == {"cat runs", "cat run", "fly runs", "fly run", "cats run", "flies run"}


def test_a_class_takes_over_the_words_of_a_rule_and_shares_are_kept() -> None:
    rules = {
        "start": [
            {"share": 3, "rule": "animal", "capital": "yes", "then": "; "},
            {"share": 1, "words": {"x": 5}, "then": {"x": "? ", "else": "! "}},
            {"share": 9, "words": {"never": 1}, "count": "0"},  # `count` starts with 1
        ],
        "animal": {"words": {"cat": 2, "dog": 1}, "then": {"cat": ", purring"}},
    }
    writer = derived(rules, 20_000)
    found = Counter(writer.text.split(" "))
    assert {*found} == {"Cat,", "purring;", "Dog;", "x?", ""}
    assert found["x?"] == pytest.approx(found["Dog;"], rel=0.15)
    assert writer.nats[0] == pytest.approx(
        -math.log({"C": 1 / 2, "D": 1 / 4, "x": 1 / 4}[writer.text[0]]), abs=1e-5
    )


def test_variables_are_forgotten_unless_passed_inherited_or_taken_back() -> None:
    rules = {
        "start": "{outer kind=a mood=b -> text}|{=text}|",
        "outer": "{show kind}{show}{show kind=any mood=any}",
        "show": [
            {"share": 1, "kind": k, "mood": m, "words": {k + m: 1}} for k in "ax" for m in "by"
        ],
    }
    writer = derived(rules, inherited=["mood"])
    outer, again, _ = writer.text.split("|")
    assert again == outer
    assert (outer[:2], outer[3]) == ("ab", "b")
    assert [nats > 0.1 for nats in writer.nats[:6]] == [False, False, True, False, True, True]


def test_lines_break_at_the_margin_and_classes_may_depend_on_the_column() -> None:
    rules = {
        "start": "{word} {word} {word}{end}",
        "word": [
            {"share": 1, "words": {"early": 1}, "max_column": 5},
            {"share": 1, "words": {"late": 1}, "min_column": 6},
        ],
        "end": {"words": {", ": 1}, "wrap": "yes", "then": "."},
    }
    assert derived(rules, margin=9).text == "early late\nearly, ."
    assert derived(rules, margin=2).text == "early\nearly\nearly,\n."


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ([{"share": 1, "words": {"a": 1}}, {"share": 1, "words": {"a": 2}}], "possible twice"),
        ([{"share": 1, "words": {"a": 1}, "count": "2"}], "non-empty"),
        ({"words": {"a ": 1, "a b": 1}}, "ambiguous"),
    ],
)
def test_a_choice_without_exactly_one_derivation_is_refused(rule: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        derived({"start": rule})


@given(st.lists(st.tuples(st.integers(1, 99), st.lists(st.integers(1, 99), min_size=1))))
def test_each_class_weighs_as_much_as_its_share(classes: list[tuple[int, list[int]]]) -> None:
    words = [(share, [Option("", weight, {}) for weight in found]) for share, found in classes]
    blended = iter(blend(words))
    for share, found in classes:
        weight = sum(next(blended).weight for _ in found)
        expected = 1_000_000 * share / sum(share for share, _ in classes)
        assert weight == pytest.approx(expected, abs=len(found) + 1)


def test_a_list_weighs_by_rank_and_context() -> None:
    table = {"sea": {"calm": "wave", "wild": "storm foam"}, "sky": {"calm": "star"}}
    listed = WordList(
        {"head": 10, "rows": "topic", "columns": "mood", "table": table, "likelier": {"topic": 6}}
    )
    context = {"topic": frozenset(["sea"]), "mood": frozenset(["calm"])}
    assert [(w.text, w.weight) for w in listed.fitting(context)] == [("wave", 6000), ("star", 1000)]
    assert [w.weight for w in listed.fitting({})] == [1000, 909, 833, 1000]


def test_an_unknown_grammar_is_named() -> None:
    with pytest.raises(PipelineError, match=r"no grammar 'poems'.*poems\.yaml"):
        load("poems")
