"""A tape with a margin, for the bundled texts that are broken into lines."""

from recurrent.data.synthetic.tape import Alternatives, Tape
from recurrent.data.synthetic.weights import Words

MARGIN = 60


class Marks:
    """What may stand between two words; on a full line a newline takes the place of the space."""

    def __init__(self, weights: Words) -> None:
        self.flowing = Alternatives(weights)
        self.breaking = Alternatives({m.replace(" ", "\n"): w for m, w in weights.items()})


class Page:
    """A tape with a margin, and the topic that the running section's title announced."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._column = 0
        self.topic = ""

    def say(self, text: str) -> None:
        self._tape.say(text)
        self._advance(text)

    def pick(self, alternatives: Alternatives) -> str:
        picked = self._tape.pick(alternatives)
        self._advance(picked)
        return picked

    def mark(self, marks: Marks) -> str:
        full = self._column > MARGIN
        return self.pick(marks.breaking if full else marks.flowing).replace("\n", " ")

    def space(self) -> None:
        self.say("\n" if self._column > MARGIN else " ")

    def next(self, alternatives: Alternatives) -> str:
        """A space and a word."""
        self.space()
        return self.pick(alternatives)

    def then(self, word: str) -> None:
        """A space and the word that is certain here."""
        self.space()
        self.say(word)

    def _advance(self, text: str) -> None:
        newline = text.rfind("\n")
        self._column = self._column + len(text) if newline < 0 else len(text) - newline - 1
