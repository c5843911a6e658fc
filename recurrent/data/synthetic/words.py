"""The word lists of a grammar: words with integer weights and features.

A feature has a name and the values that it may take: `kind: s|p` means "s or p". Two sets of
features agree if they share a value for every name that both have; together they stand for the
shared values. This is how a noun agrees with its verb.

A list gives its words in one of four ways:

    words    a string of words, the most frequent first; their weights fall with their rank
    table    several such strings; its `rows` and `columns` name the features that they give
    weights  the weight of each word, or a map of its weight and features
    range    numbers, all equally likely

More keys: `head` flattens the weights of the first words, and `weight` makes all weights equal.
`features` hold for all words, `patterns` derive features from the spelling, and `forms` lists
inflections, each with its spelling and features. `likelier: {topic: 6}` makes words of the current
topic six times as likely, instead of excluding all others. `sorted` sorts the words.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Features = Mapping[str, frozenset[str]]
Spellings = Mapping[str, Mapping[str, str]]  # name -> pattern -> replacement
NO_SPELLINGS: Spellings = MappingProxyType({})
HEAD = 8


class Word(NamedTuple):
    """A word of a list."""

    text: str
    weight: int
    features: Features


class WordList:
    """Words that may occur at the same place."""

    def __init__(self, spec: Mapping[str, Any] | str, spellings: Spellings = NO_SPELLINGS) -> None:
        if isinstance(spec, str):
            spec = {"words": spec}
        self.likelier: Mapping[str, int] = spec.get("likelier", {})
        self.words = [complete(word, spec) for word in read_words(spec, spellings)]
        if "sorted" in spec:
            self.words.sort(key=lambda word: word.text)
        self.feature_names = {name for word in self.words for name in word.features}

    def fitting(self, context: Features) -> Iterator[Word]:
        """Yield the words that agree with the context, with its features added to theirs."""
        for text, weight, features in self.words:
            required = dict(features)
            for name, factor in self.likelier.items():
                if required.pop(name) == context.get(name):
                    weight *= factor
            joined = unify(context, required)
            if joined is not None:
                yield Word(text, weight, joined)


def read_words(spec: Mapping[str, Any], spellings: Spellings) -> Iterator[Word]:
    """Yield the words of a list as they are given, each with its own features."""
    if "weights" in spec:
        for text, value in spec["weights"].items():
            own = dict(value) if isinstance(value, Mapping) else {"weight": value}
            yield Word(text, own.pop("weight"), parse_features(own))
    elif "range" in spec:
        for number in range(*spec["range"]):
            yield Word(str(number), 1, {})
    else:
        for row, columns in spec.get("table", {"": spec.get("words")}).items():
            cells = columns if isinstance(columns, Mapping) else {"": columns}
            for form in spec.get("forms", [{}]):
                spelling = spellings.get(form.get("spelling"), {})
                rank = spec.get("head", HEAD)
                for column, words in cells.items():
                    place = {spec.get("rows"): row, spec.get("columns"): column}
                    features = unify(parse_features(form), parse_features(place))
                    for word in words.split() if features is not None else ():
                        yield Word(spell(word, spelling), 10_000 // rank, features or {})
                        rank += 1


def complete(word: Word, spec: Mapping[str, Any]) -> Word:
    """Return the word with the weight and the features that hold for the whole list."""
    features = parse_features(spec.get("features", {}))
    for name, patterns in spec.get("patterns", {}).items():
        values = (value for value, pattern in patterns.items() if re.match(pattern, word.text))
        features[name] = frozenset(values)
    return Word(word.text, spec.get("weight", word.weight), {**features, **word.features})


def parse_features(values: Mapping[str | None, Any]) -> dict[str, frozenset[str]]:
    """Return the features in a map of a grammar file."""
    return {
        name: frozenset(str(value).split("|"))
        for name, value in values.items()
        if name and name != "spelling"
    }


def unify(one: Features, other: Features) -> dict[str, frozenset[str]] | None:
    """Merge two sets of features; return None if they do not agree."""
    both = dict(one)
    for name, values in other.items():
        both[name] = both.get(name, values) & values
        if not both[name]:
            return None
    return both


def spell(word: str, spelling: Mapping[str, str]) -> str:
    """Return the word with the first pattern that it matches replaced."""
    for pattern, replacement in spelling.items():
        if re.search(pattern, word):
            return re.sub(pattern, replacement, word, count=1)
    return word
