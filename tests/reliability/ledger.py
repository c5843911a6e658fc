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

    def line(self) -> str:
        """Return the promise as a row of the page's table."""
        broken = f"BROKEN, {self.lost:,} lost" if self.lost else "BROKEN"
        result = "kept" if self.passed else broken
        found = f": {self.found}" if self.found else ""
        return f"| {self.text} | {self.fault} | {self.injected:,} | {result}{found} |"


Promised = Callable[[str, str], Promise]  # the fixture `promise`
Many = Callable[[int, int], int]  # the fixture `many`


def page(promises: list[Promise]) -> str:
    """Return the page that lists these promises."""
    return HEAD + "".join(f"{promise.line()}\n" for promise in promises)
