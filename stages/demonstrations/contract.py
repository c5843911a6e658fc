"""What every demonstration is: settings of its own, and one call that writes a folder."""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from stages.checking import Frozen
from stages.errors import PipelineError

REPORT = "report.json"  # the figures of a demonstration, in its folder


class Demonstration(Protocol):
    """A module of this package."""

    Settings: type[Frozen]

    def demonstrate(self, settings: Any, folder: Path) -> dict[str, Any]:
        """Write tables and pictures into `folder`; return the figures for its report."""


def load(name: str) -> Demonstration:
    """The demonstration in stages/demonstrations/<name>.py."""
    try:
        return cast(Demonstration, import_module(f"stages.demonstrations.{name}"))
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"there is no stages/demonstrations/{name}.py ({fault}).",
            where="params.yaml: demonstrations",
        ) from fault
