"""Tapes: a grammar writes a text to a tape, or reads a text back, at an exact cost.

A `Writer` draws each choice at random; a `Reader` recovers the choices that made a given text. At
each choice exactly one alternative may fit the text. So a text has one derivation, and the costs
of its characters sum to -ln p(text).
"""

import math
import random
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate


class Urn:
    """Strings with integer weights. Draws use integers only, so every machine draws the same."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        if not weights or "" in weights or min(weights.values()) <= 0:
            raise ValueError("alternatives must be non-empty strings with positive weights")
        self.weights = dict(weights)
        self.options = list(weights)
        self._bounds = list(accumulate(weights.values()))
        self.total = self._bounds[-1]

    def draw(self, rng: random.Random) -> str:
        """Return one of the strings, chosen by weight."""
        return self.options[bisect_right(self._bounds, rng.randrange(self.total))]


class Alternatives(Urn):
    """The strings that are possible at one place of a text, and the cost of their characters.

    One string may be the start of another ("the", "then") only if both have letters at that point.
    Then the shorter one ends where no letter follows, and the next character carries the cost of
    this ending.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        super().__init__(weights)
        mass: dict[str, int] = {}  # prefix -> weight of all strings that start with it
        for option, weight in weights.items():
            for end in range(len(option) + 1):
                mass[option[:end]] = mass.get(option[:end], 0) + weight
        self.costs = {
            option: [
                math.log(mass[option[:end]] / mass[option[: end + 1]]) for end in range(len(option))
            ]
            for option in self.options
        }
        self.ending_cost = {
            option: math.log(mass[option] / weight) for option, weight in weights.items()
        }
        for prefix in mass:
            start = prefix[:-1]
            if start in weights and not (start[-1].isalpha() and prefix[-1].isalpha()):
                raise ValueError(
                    f"ambiguous alternatives: {start!r} is the start of another one, {prefix!r}..."
                )


class Tape(ABC):
    """A text in progress, and the cost in nats of each of its characters."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.nats: list[float] = []
        self.column = 0  # characters since the last line break
        self._ending = 0.0  # cost of the last word's end, carried by the next character

    @property
    def length(self) -> int:
        """Number of characters so far."""
        return len(self.nats)

    @abstractmethod
    def choose(self, alternatives: Alternatives) -> str:
        """Return the alternative that comes next."""

    def pick(self, alternatives: Alternatives) -> str:
        """Append one of the alternatives, and return it."""
        option = self.choose(alternatives)
        self._append(option, alternatives.costs[option])
        self._ending = alternatives.ending_cost[option]
        return option

    def say(self, text: str) -> None:
        """Append a text that is certain here, so it costs nothing."""
        self._append(text, [0.0] * len(text))

    def _append(self, text: str, costs: list[float]) -> None:
        if self._ending and text[0].isalpha():
            raise ValueError(
                f"ambiguous text: {self.pieces[-1]!r} before {text!r} reads as a longer word"
            )
        self.pieces.append(text)
        self.nats += [costs[0] + self._ending, *costs[1:]]
        self._ending = 0.0
        newline = text.rfind("\n")
        self.column = self.column + len(text) if newline < 0 else len(text) - newline - 1


class Writer(Tape):
    """Draw a text at random."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = random.Random(seed)

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self.pieces)

    def choose(self, alternatives: Alternatives) -> str:
        return alternatives.draw(self._rng)


class Reader(Tape):
    """Parse a given text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def choose(self, alternatives: Alternatives) -> str:
        fitting = [
            option
            for option in alternatives.options
            if self._comes_next(option, whole=alternatives.ending_cost[option] > 0)
        ]
        if len(fitting) != 1:
            raise ValueError(
                f"{len(fitting)} alternatives fit at character {self.length}, before "
                f"{self.text[self.length : self.length + 20]!r}: {fitting[:3]}"
            )
        return fitting[0]

    def say(self, text: str) -> None:
        if not self._comes_next(text):
            raise ValueError(f"expected {text!r} at character {self.length}")
        super().say(text)

    def _comes_next(self, text: str, *, whole: bool = False) -> bool:
        end = self.length + len(text)
        longer = whole and self.text[end : end + 1].isalpha()
        return self.text.startswith(text, self.length) and not longer
