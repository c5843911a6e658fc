"""What every command shares: `--debug`, faults as one paragraph, exit status 1 (2 for usage)."""

import gc
import sys
import time
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from typing import Any

import typer
from tqdm import tqdm

from recurrent.errors import PipelineError


def run(command: Callable[..., Any]) -> None:
    """Run one stage's `main` from the command line."""
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    if isinstance(sys.stdout, TextIOWrapper):  # what a terminal has no bytes for is no fault
        sys.stdout.reconfigure(errors="backslashreplace")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(epilog="--debug before or after anything shows the traceback of a fault.")(command)
    try:
        app()
    except (PipelineError, OSError, MemoryError) as fault:
        if debug:
            raise
        sys.exit(f"error: {fault if isinstance(fault, PipelineError) else of_the_system(fault)}")
    finally:
        gc.freeze()  # what is left ends with the process; to search it for cycles costs a second


def of_the_system(fault: OSError | MemoryError) -> str:
    """What the operating system refused, where, and what to do."""
    if isinstance(fault, MemoryError):
        return f"there is not enough memory ({fault}). Ask for less of what params.yaml counts."
    place = f"{fault.filename}: " if fault.filename is not None else ""
    why = fault.strerror or str(fault) or type(fault).__name__
    return f"{place}{why}. Mend that and run it again: what was finished is kept."


def note(line: str) -> None:
    """One line of progress, at once."""
    print(line, file=sys.stderr, flush=True)


def brief(report: Mapping[str, Any]) -> str:
    """The counts of a report in one line; tables and origins are for its file."""
    parts = []
    for name, value in report.items():
        if isinstance(value, dict) and name not in ("origin", "most_frequent"):
            parts.append(f"{name} ({brief(value)})")
        elif isinstance(value, int | float):
            parts.append(f"{name} {value:,}")
    return ", ".join(parts)


class Progress:
    """A bar on a terminal; elsewhere (CI, a file) a line every so often, and the last one."""

    EVERY_S = 10.0

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total, self.done = title, total, 0
        self._bar = tqdm(total=total, desc=title, disable=not sys.stderr.isatty(), leave=False)
        self._next = time.monotonic() + self.EVERY_S

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()

    def step(self, line: str) -> None:
        """One more is done; `line` says what came of it."""
        self.done += 1
        self._bar.set_postfix_str(line)
        self._bar.update()
        if self.done == self.total or (self._bar.disable and time.monotonic() >= self._next):
            note(f"{self.title} {self.done}/{self.total} {line}")
            self._next = time.monotonic() + self.EVERY_S
