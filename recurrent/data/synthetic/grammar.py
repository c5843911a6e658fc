"""Derive texts from a grammar: draw one at random, or parse one back.

The start rule of a grammar is repeated until the text is long enough. Each call of a rule has its
own variables, which are features. Where a rule makes a choice, only classes and words that agree
with the variables are possible, and the chosen word adds its features to them. A class without
possible words is left out, and a single alternative is certain.

A grammar file (prose.yaml, lyrics.yaml) has these keys:

    start      the start rule; its variable `count` numbers the repetitions
    inherited  variables that are passed on to every call
    margin     templates write a line break instead of a space once the line is longer than this
    rules      see rules.py
    words      see words.py
    spellings  inflections: the first pattern that a word matches is replaced
"""

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from recurrent.common.errors import PipelineError
from recurrent.data.synthetic.rules import Cases, Choice, Class, Template, Value, parse_rule
from recurrent.data.synthetic.tape import Alternatives, Tape
from recurrent.data.synthetic.words import Features, WordList, unify

SCALE = 1_000_000  # the sum of a choice's weights over its classes, apart from rounding
Variables = dict[str, frozenset[str]]


class Option(NamedTuple):
    """A word that is possible at a choice, and what follows it."""

    text: str
    weight: int
    features: Features
    then: Template = ()

    def within(self, part: Class) -> "Option":
        """Return the option as a word of a class."""
        text = self.text[0].upper() + self.text[1:] if part.capital else self.text
        after = part.then.get(self.text, part.then["else"])
        return self._replace(text=text, then=self.then + after)


Possible = tuple[Alternatives, dict[str, Option]]


class Grammar:
    """Rules and word lists that a text can be derived from."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.start: str = spec["start"]
        self.inherited: Sequence[str] = spec.get("inherited", ())
        self.margin: int = spec.get("margin", sys.maxsize)
        spellings, words = spec.get("spellings", {}), spec.get("words", {})
        self.lists = {name: WordList(listed, spellings) for name, listed in words.items()}
        self.rules = {name: parse_rule(rule, self.lists) for name, rule in spec["rules"].items()}
        self.choices = {n: rule for n, rule in self.rules.items() if isinstance(rule, Choice)}
        self._dependencies: dict[str, set[str]] = {}
        self._cache: dict[tuple[object, ...], Possible] = {}

    def derive(self, tape: Tape, size: int) -> None:
        """Write or read whole repetitions of the start rule, at least `size` characters."""
        count = 0
        while tape.length < size:
            count += 1
            variables = {"count": frozenset([str(count)])}
            self._run(self._apply(self.start, tape, variables), tape, variables)

    def _run(self, template: Template, tape: Tape, variables: Variables) -> None:
        for step in template:
            if isinstance(step, str):
                tape.say("\n" if step == " " and tape.column > self.margin else step)
            elif isinstance(step, Value):
                tape.say(*variables[step.name])
            else:
                inner, start = step.enter(variables, self.inherited), len(tape.pieces)
                self._run(self._apply(step.rule, tape, inner), tape, inner)
                if "text" in step.results:
                    inner["text"] = frozenset(["".join(tape.pieces[start:])])
                variables.update({name: inner[name] for name in step.results})

    def _apply(self, name: str, tape: Tape, variables: Variables) -> Template:
        """Return the steps of a rule. If the rule is a choice, make the choice first."""
        rule = self.rules[name]
        if isinstance(rule, tuple):
            return rule
        if isinstance(rule, Cases):
            (value,) = variables[rule.variable]
            return rule.templates[value]
        variables["column"] = frozenset([str(tape.column)])
        full = rule.wrap and tape.column > self.margin
        alternatives, options = self._possible(name, variables, full)
        if len(options) > 1:
            word = tape.pick(alternatives)
        else:
            (word,) = options
            tape.say(word)
        variables.update(options[word].features)
        return options[word].then

    def _possible(self, name: str, variables: Variables, full: bool) -> Possible:
        """Return what is possible at a choice, cached by the variables that matter."""
        context = {n: variables[n] for n in self._depends_on(name) if n in variables}
        key = (name, full, *context.items())
        if key not in self._cache:
            found = self._options(self.choices[name], context)
            options = {o.text.replace(" ", "\n") if full else o.text: o for o in found}
            if len(options) < len(found):
                raise ValueError(f"rule {name}: ambiguous, a word is possible twice")
            weights = {text: option.weight for text, option in options.items()}
            self._cache[key] = Alternatives(weights), options
        return self._cache[key]

    def _depends_on(self, name: str) -> set[str]:
        """Return the variables that matter to a choice."""
        if name not in self._dependencies:
            names: set[str] = set()
            for part in self.choices[name].classes:
                source = part.source
                names |= part.features.keys() | (
                    self._depends_on(source) if isinstance(source, str) else source.feature_names
                )
            self._dependencies[name] = names
        return self._dependencies[name]

    def _options(self, choice: Choice, context: Features) -> list[Option]:
        """Return the words of a choice that agree with the context."""
        classes: list[tuple[int, list[Option]]] = []
        for part in choice.classes:
            joined = unify(context, part.features)
            if joined is None:
                continue
            if isinstance(part.source, str):
                options = self._options(self.choices[part.source], joined)
            else:
                options = [Option(*word) for word in part.source.fitting(joined)]
            classes.append((part.share, [option.within(part) for option in options]))
        return blend(classes) if choice.blended else [o for _, found in classes for o in found]


def blend(classes: list[tuple[int, list[Option]]]) -> list[Option]:
    """Return the words of all classes as one list; each class weighs as much as its share."""
    blended: list[Option] = []
    whole = sum(share for share, options in classes if options)
    for share, options in classes:
        total = sum(option.weight for option in options)
        for option in options:
            weight = option.weight * share * SCALE // (total * whole)
            blended.append(option._replace(weight=max(1, weight)))
    return blended


@cache
def load(name: str) -> Grammar:
    """Return the grammar of that name, read once per process."""
    path = Path(__file__).with_name(f"{name}.yaml")
    if not path.exists():
        raise PipelineError(
            f"there is no grammar {name!r}.",
            where="params.yaml: corpora",
            remedy=f"Choose prose or lyrics, or add {path.name} to {path.parent.name}/.",
        )
    return Grammar(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
