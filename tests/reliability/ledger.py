"""What was promised, what was done to break it, and what was lost: a line a promise."""

from dataclasses import dataclass, field
from pathlib import Path

HEAD = """\
# What holds when things go wrong

Written by `make torture`, which does all of this for real; `make test` does a part of it each time.
`pytest tests/torture/test_kills.py --long` repeats a part, and writes the lines of that part anew.

| promise | what was done to it | times | lost | result |
"""
RULE = "|---|---|---|---|---|\n"


@dataclass
class Promise:
    """One line; a test counts what it injects, and what it finds lost."""

    text: str
    fault: str
    injected: int = 0
    lost: int = 0
    found: str = ""  # what was measured, if anything
    result: str = "not finished"

    def line(self) -> str:
        """As the page has it."""
        result = self.result + (f": {self.found}" if self.found else "")
        return f"| {self.text} | {self.fault} | {self.injected:,} | {self.lost:,} | {result} |"


@dataclass
class Ledger:
    """All promises of a session."""

    promises: list[Promise] = field(default_factory=list)

    def write(self, path: Path, *, whole: bool) -> None:
        """The page; what a session that was not the whole left out stays as it was."""
        lines = {}
        if path.exists() and not whole:
            _, _, body = path.read_text(encoding="utf-8").partition(RULE)
            rows = body.splitlines()
            lines = {tuple(row.split(" | ")[:2]): row for row in rows}
        for promise in self.promises:
            row = promise.line()
            lines[tuple(row.split(" | ")[:2])] = row
        path.write_text(f"{HEAD}{RULE}" + "\n".join([*lines.values(), ""]), encoding="utf-8")
