"""What is promised, which faults were injected, and whether the promise was kept."""

from collections.abc import Callable
from dataclasses import dataclass

HEAD = """\
# What holds when things go wrong

Written by `make torture`. `make test` injects a few faults of each kind every time.

| promise | fault | injected | result |
|---|---|--:|---|
"""


@dataclass
class Promise:
    """One line of the page. A test counts the faults that it injects and what they cost."""

    text: str
    fault: str
    injected: int = 0
    lost: int = 0  # what the faults cost; a promise that is kept loses nothing
    found: str = ""  # what was measured, if anything
    passed: bool = False

    @property
    def subject(self) -> str:
        """Return the part of the row that says what is promised."""
        return f"| {self.text} | {self.fault} |"

    def line(self) -> str:
        """Return the promise as a row of the page's table."""
        broken = f"BROKEN, {self.lost:,} lost" if self.lost else "BROKEN"
        result = "kept" if self.passed else broken
        found = f": {self.found}" if self.found else ""
        return f"{self.subject} {self.injected:,} | {result}{found} |"


Promised = Callable[[str, str], Promise]  # the fixture `promise`
Many = Callable[[int, int], int]  # the fixture `many`


def updated(text: str, promises: list[Promise]) -> str:
    """Return a page in which the rows of these promises are new."""
    lines = text.splitlines()
    for promise in promises:
        rows = (i for i, line in enumerate(lines) if line.startswith(promise.subject))
        place = next(rows, len(lines))
        lines[place : place + 1] = [promise.line()]
    return "\n".join([*lines, ""])


def page(promises: list[Promise]) -> str:
    """Return the page that lists these promises."""
    return HEAD + "".join(f"{promise.line()}\n" for promise in promises)
