"""The rules of a grammar, as its YAML file writes them.

A rule is one of these:

    "..., {rule}."            a template: text, and calls of other rules in braces
    {words: ..., then: ...}   one word of a list, and the template that follows it
    [{share: 60, ...}, ...]   one word of several classes, each with its share
    {by: x, cases: {...}}     the template for the value of the variable x

A class has `words` (the name of a list, or words with weights) or a `rule` whose alternatives it
takes over. `then` is the template that follows, or a map from words to templates (`else`: all
other words). `capital` starts the words with a capital letter. `min_column` and `max_column` limit
the class to a part of the line. All other keys of a class are features. `wrap`, in a rule with one
list, writes a line break instead of a space once the line is full.

`{verb number tense=past}` calls the rule `verb`: it passes the variable `number` on and sets
`tense` (`=any` forgets a variable). `{clause -> number}` takes `number` back from the call;
`-> text` takes what the call wrote, and `{=text}` writes it again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from recurrent.data.synthetic.words import Features, WordList, parse_features

TOKEN = re.compile(r"\{=(?P<value>\w+)\}|\{(?P<call>[^}]*)\}|(?P<text> |[^{ ]+)")
CLASS_KEYS = ("share", "words", "rule", "then", "capital", "wrap", "min_column", "max_column")
LAST_COLUMN = 1000  # no line is longer
ANY = frozenset({"any"})


class Value(NamedTuple):
    """Write the value of a variable."""

    name: str


class Call(NamedTuple):
    """Apply a rule: pass variables to it (no values: as they are), and take some back."""

    rule: str
    given: Mapping[str, frozenset[str]]
    results: Sequence[str]

    def enter(self, variables: Features, inherited: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the variables that the call starts with."""
        passed = {name: variables[name] for name in inherited if name in variables}
        for name, values in self.given.items():
            if values == ANY:
                passed.pop(name, None)
            elif values or name in variables:
                passed[name] = values or variables[name]
        return passed


Template = tuple[str | Value | Call, ...]


@dataclass(frozen=True)
class Class:
    """A class of words at a choice, and what follows them."""

    source: WordList | str  # or the rule whose alternatives it takes over
    share: int
    features: Features
    capital: bool
    then: Mapping[str, Template]


@dataclass(frozen=True)
class Choice:
    """A word of several classes, or of a single list whose weights count as they are."""

    classes: Sequence[Class]
    blended: bool = True
    wrap: bool = False


@dataclass(frozen=True)
class Cases:
    """A template for each value of a variable."""

    variable: str
    templates: Mapping[str, Template]


Rule = Template | Choice | Cases


def parse_rule(spec: Any, lists: Mapping[str, WordList]) -> Rule:
    """Return the rule that a YAML value describes."""
    if isinstance(spec, str):
        return parse_template(spec)
    if isinstance(spec, list):
        return Choice([parse_class(part, lists) for part in spec])
    if "by" in spec:
        cases = {str(value): parse_template(then) for value, then in spec["cases"].items()}
        return Cases(spec["by"], cases)
    return Choice([parse_class(spec, lists)], blended=False, wrap="wrap" in spec)


def parse_class(spec: Mapping[str, Any], lists: Mapping[str, WordList]) -> Class:
    """Return the class of words that a YAML map describes."""
    words, then = spec.get("words"), spec.get("then", "")
    features = parse_features({k: v for k, v in spec.items() if k not in CLASS_KEYS})
    if "min_column" in spec or "max_column" in spec:
        columns = range(spec.get("min_column", 0), spec.get("max_column", LAST_COLUMN) + 1)
        features["column"] = frozenset(map(str, columns))
    templates = {"else": "", **then} if isinstance(then, Mapping) else {"else": then}
    return Class(
        source=(
            spec["rule"] if words is None
            else lists[words] if isinstance(words, str)
            else WordList({"weights": words})
        ),
        share=spec.get("share", 1),
        features=features,
        capital="capital" in spec,
        then={word: parse_template(template) for word, template in templates.items()},
    )  # fmt: skip


def parse_template(text: str) -> Template:
    """Return the steps of a template; each space is a step of its own."""
    return tuple(
        Value(token["value"]) if token["value"]
        else parse_call(token["call"]) if token["call"]
        else token["text"]
        for token in TOKEN.finditer(text)
    )  # fmt: skip


def parse_call(text: str) -> Call:
    """Return the call that `rule name name=value -> name` stands for."""
    call, _, results = text.partition("->")
    rule, *given = call.split()
    pairs = [item.partition("=") for item in given]
    values = {name: frozenset(value.split("|") if value else ()) for name, _, value in pairs}
    return Call(rule, values, results.split())
