"""What stages and commands share: errors as one paragraph, `--debug`, notes and progress."""

import gc
import sys
import time
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from typing import Any, Self

import typer
from tqdm import tqdm

from recurrent.common.errors import PipelineError


def run(main: Callable[..., Any]) -> None:
    """Run a stage's `main` with the arguments of the command line."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(epilog="--debug shows the traceback of an error.")(main)
    execute(app)


def execute(app: Callable[[], Any]) -> None:
    """Run a command. An error that the user can fix is one paragraph, and exit status 1."""
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    if isinstance(sys.stdout, TextIOWrapper):  # the terminal's encoding may lack a character
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except (PipelineError, OSError, MemoryError) as fault:
        if debug:
            raise
        sys.exit(f"error: {fault if isinstance(fault, PipelineError) else _system(fault)}")
    finally:
        gc.freeze()  # otherwise Python searches all objects for cycles at exit, for a second


def _system(fault: OSError | MemoryError) -> str:
    """Describe what the operating system refused, where, and what to do."""
    if isinstance(fault, MemoryError):
        return f"out of memory ({fault}). Lower the sizes in params.yaml, or free some memory."
    place = f"{fault.filename}: " if fault.filename is not None else ""
    why = fault.strerror or str(fault) or type(fault).__name__
    return f"{place}{why}. Fix that and run the command again: finished work is kept."


def note(line: str) -> None:
    """Print one line to stderr immediately, above any progress bar."""
    tqdm.write(line, file=sys.stderr)
    sys.stderr.flush()


def brief(report: Mapping[str, Any]) -> str:
    """Return the counts of a report as one line, without its origin and its tables."""
    parts = []
    for name, value in report.items():
        if isinstance(value, dict) and name not in ("origin", "most_frequent"):
            parts.append(f"{name} ({brief(value)})")
        elif isinstance(value, int | float):
            parts.append(f"{name} {value:,}")
    return ", ".join(parts)


class Progress:
    """A bar on a terminal; elsewhere (CI, a file) a line every ten seconds, and the last one."""

    EVERY_S = 10.0

    def __init__(self, title: str, total: int, done: int = 0) -> None:
        self.title, self.total, self.done = title, total, done
        terminal = sys.stderr.isatty()
        self._bar = tqdm(total=total, initial=done, desc=title, disable=not terminal, leave=False)
        self._started, self._done_before = time.monotonic(), done
        self._next = self._started + self.EVERY_S

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()

    def step(self, line: str = "", count: int = 1) -> None:
        """Count finished steps; `line` describes the last one."""
        self.done += count
        self._bar.set_postfix_str(line)
        self._bar.update(count)
        now = time.monotonic()
        if self.done == self.total or (self._bar.disable and now >= self._next):
            note(f"{self.title} {self.done}/{self.total}{self._left(now)} {line}".rstrip())
            self._next = now + self.EVERY_S

    def _left(self, now: float) -> str:
        """Return the time left at this pace, in parentheses."""
        if self.done == self.total:
            return ""
        pace = (now - self._started) / max(1, self.done - self._done_before)
        return f" ({duration(pace * (self.total - self.done))} left)"


def duration(seconds: float) -> str:
    """Format seconds for people: 40 s, 3 min, 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
