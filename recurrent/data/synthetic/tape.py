"""Texts drawn from a known source: every choice is written down, so the floor is exact.

A grammar is ordinary Python that calls `pick` and `say` on a tape. A `Writer` draws the
choices and keeps what each character cost; a `Reader` follows the same grammar along a
given text and recovers the choices. A grammar must make every choice visible at once:
among the alternatives of one `pick`, the text that follows fits exactly one. Then a text
has one derivation, and the sum of the costs is -ln p(text), not an upper bound of it.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Protocol


class Alternatives:
    """Strings with integer weights, and the cost of each of their characters.

    One string may begin another ("the", "then") only if a letter of the one is followed by a
    letter of the other: what comes after the shorter must be no letter, and that character
    bears the cost of its having ended.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        self.options = list(weights)
        self._bounds = list(accumulate(weights.values()))
        if not self.options or "" in weights or min(weights.values()) <= 0:
            raise ValueError("alternatives must be non-empty strings with positive weights")
        self.total = self._bounds[-1]
        mass: dict[str, int] = {}  # prefix -> weight of all the options that begin with it
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
            begun = prefix[:-1]
            if begun in weights and not (begun[-1].isalpha() and prefix[-1].isalpha()):
                raise ValueError(f"{begun!r} begins another alternative, which goes on {prefix!r}")

    def draw(self, rng: random.Random) -> str:
        """One option, by its weight; integers only, so that every machine draws the same."""
        return self.options[bisect_right(self._bounds, rng.randrange(self.total))]


class Tape(Protocol):
    """What a grammar writes to or reads from."""

    @property
    def length(self) -> int:
        """Characters so far."""

    def pick(self, alternatives: Alternatives) -> str:
        """Take one of the alternatives."""

    def say(self, text: str) -> None:
        """Take what is certain here: it costs nothing."""


class Writer:
    """Draws a text, and keeps the cost in nats of each of its characters."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._pieces: list[str] = []
        self.nats: list[float] = []
        self._ending = 0.0

    @property
    def length(self) -> int:
        return len(self.nats)

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def pick(self, alternatives: Alternatives) -> str:
        option = alternatives.draw(self._rng)
        self._append(option, alternatives.costs[option])
        self._ending = alternatives.ending_cost[option]
        return option

    def say(self, text: str) -> None:
        self._append(text, [0.0] * len(text))

    def _append(self, text: str, costs: list[float]) -> None:
        if not text:
            return
        if self._ending and text[0].isalpha():
            raise ValueError(f"{self._pieces[-1]!r} could be read as the start of a longer word")
        self._pieces.append(text)
        self.nats += [costs[0] + self._ending, *costs[1:]]
        self._ending = 0.0


class Reader:
    """Follows a grammar along a text and recovers its choices and their cost."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.length = 0
        self.nats = 0.0

    @property
    def finished(self) -> bool:
        return self.length == len(self.text)

    def pick(self, alternatives: Alternatives) -> str:
        fitting = [option for option in alternatives.options if self._fits(option, alternatives)]
        if len(fitting) != 1:
            raise ValueError(
                f"{len(fitting)} alternatives fit at {self.length}: {fitting[:3]} "
                f"before {self.text[self.length : self.length + 20]!r}"
            )
        option = fitting[0]
        self.nats += math.fsum(alternatives.costs[option]) + alternatives.ending_cost[option]
        self.length += len(option)
        return option

    def _fits(self, option: str, alternatives: Alternatives) -> bool:
        if not self.text.startswith(option, self.length):
            return False
        end = self.length + len(option)
        following = self.text[end : end + 1]
        return not (alternatives.ending_cost[option] and following.isalpha())

    def say(self, text: str) -> None:
        if not self.text.startswith(text, self.length):
            raise ValueError(f"expected {text!r} at {self.length}")
        self.length += len(text)
