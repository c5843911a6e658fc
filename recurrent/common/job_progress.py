"""Show the progress of parallel jobs."""

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from recurrent.common.console import duration, note


class JobProgress:
    """Progress of parallel jobs: a bar for each on a terminal, elsewhere a line every ten seconds.

    Both say how many jobs are done and how long the others will take.
    """

    EVERY_S = 10.0

    def __init__(self, title: str) -> None:
        self.title = title
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        console = Console(stderr=True)
        self._bars = Progress(*columns, console=console, transient=True)
        self._bars.disable = not console.is_terminal
        self._bar_of: dict[str, TaskID] = {}
        self._next = monotonic() + self.EVERY_S

    def __enter__(self) -> Self:
        self._bars.start()
        self._all = self._bars.add_task(self.title)
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @property
    def names(self) -> Iterator[str]:
        """The jobs that have a bar."""
        return iter(self._bar_of)

    def show(
        self, running: Sequence[tuple[str, float]], done: int, left: int, seconds: float | None
    ) -> None:
        """Show each running job with its progress, and how many jobs and seconds are left."""
        time_left = "" if seconds is None else f", about {duration(seconds)} left"
        summary = f"{self.title}: {done} of {done + left} done{time_left}"
        for name in self._bar_of.keys() - {name for name, _ in running}:
            self._bars.remove_task(self._bar_of.pop(name))
        for name, share in running:
            if name not in self._bar_of:
                self._bar_of[name] = self._bars.add_task(name, total=1.0)
            self._bars.update(self._bar_of[name], completed=share)
        self._bars.update(self._all, description=summary, total=done + left, completed=done)
        if self._bars.disable and monotonic() >= self._next:
            self._next = monotonic() + self.EVERY_S
            shares = ", ".join(f"{name} ({share:.0%})" for name, share in running)
            note(f"{summary}; running: {shares}")
