"""The commands in a page's `console` blocks, and whether their output is still the page's."""

import re
from collections.abc import Iterator
from typing import NamedTuple

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "$ "
LEFT_OUT = "…"  # alone in a line: any lines; within a line: any text
# Text that differs from run to run, and its replacement.
UNSTABLE = (
    (re.compile(r"\b[0-9a-f]{32}(\.dir)?\b|\b(?=[a-f]*\d)[0-9a-f]{7}\b"), "HASH"),
    (re.compile(r"\b\d\d:\d\d [AP]M\b"), "TIME"),
    (re.compile(r"[─━-]{3,}"), "---"),
    (re.compile(r"[ \t]+"), " "),  # the width of a column depends on what is in it
)


class Step(NamedTuple):
    """A command, and the output that the page shows."""

    command: str
    output: str


def read(page: str) -> Iterator[Step]:
    """Yield the commands of a page in order. A line that ends in a backslash continues."""
    for block in BLOCK.findall(page):
        for part in f"\n{block}".split(f"\n{PROMPT}")[1:]:
            lines = part.splitlines()
            command = [lines.pop(0)]
            while command[-1].endswith("\\"):
                command[-1] = command[-1].removesuffix("\\")
                command.append(lines.pop(0).strip())
            yield Step("".join(command), "\n".join(lines))


def stable(output: str) -> str:
    """Replace text that differs from run to run."""
    for pattern, name in UNSTABLE:
        output = pattern.sub(name, output)
    return "\n".join(line.strip() for line in output.splitlines() if line.strip())


def matches(shown: str, output: str) -> bool:
    """Return whether a command's output matches the page."""
    lines = [
        r"(?:.*\n)*?" if line == LEFT_OUT else re.escape(line).replace(LEFT_OUT, ".*") + r"\n"
        for line in stable(shown).splitlines()
    ]
    text = stable(output)
    return re.fullmatch("".join(lines), f"{text}\n" if text else "") is not None
