"""What the verdict of a line comes to: a kind to count, a sign and a colour to show it by."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from recurrent.evaluation.line import Line
from recurrent.report.lines import LECTURE


class Verdict(NamedTuple):
    """A verdict as a badge and what there is to say beside it."""

    kind: str  # a class of the style sheet
    sign: str
    label: str
    detail: str


# How the text of a verdict begins: its kind, its sign. The longer before what it begins with.
PRINTED = {
    "reproduced": ("good", "✓"),
    "better": ("better", "+"),
    "not reproduced": ("bad", "✗"),
    "no verdict": ("void", "?"),
    "not comparable": ("void", "≠"),
    "not run": ("void", "−"),
}
OWN = {
    "beats": ("good", "+"),
    "level with": ("void", "="),
    "behind": ("bad", "−"),
    "baseline": ("base", "·"),
}


def is_baseline(text: object) -> bool:
    """Whether the verdict is of a model without a network, which may have a rival of its own."""
    return str(text).startswith("baseline")


def read(text: str) -> Verdict | None:
    """The verdict that a line's text states; None for none."""
    for label, (kind, sign) in {**PRINTED, **OWN}.items():
        if text.startswith(label):
            return Verdict(kind, sign, label, text[len(label) :].lstrip(": ").strip())
    return Verdict("void", "·", "note", text) if text else None


def count(lines: Iterable[Line]) -> dict[str, int]:
    """How many printed figures have each verdict: all of them, in the order of PRINTED."""
    found = Counter(
        verdict.label
        for line in lines
        if line.protocol == LECTURE and (verdict := read(line.verdict)) is not None
    )
    return {label: found[label] for label in PRINTED}
