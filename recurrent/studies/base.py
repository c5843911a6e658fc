"""What every demonstration is: settings of its own, and one call that writes a folder."""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import pandas as pd

from recurrent.errors import PipelineError
from recurrent.validation import Frozen

REPORT = "report.json"  # the figures of a demonstration, in its folder


class Demonstration(Protocol):
    """A module of this package."""

    Settings: type[Frozen]

    def demonstrate(self, settings: Any, folder: Path) -> dict[str, Any]:
        """Write tables and pictures into `folder`; return the figures for its report."""


def load(name: str) -> Demonstration:
    """The demonstration in recurrent/studies/<name>.py."""
    try:
        return cast(Demonstration, import_module(f"recurrent.studies.{name}"))
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"there is no recurrent/studies/{name}.py ({fault}).",
            where="params.yaml: demonstrations",
        ) from fault


def six(value: float) -> float:
    """Six digits: what is left out differs from one kind of processor to another."""
    return float(f"{value:.6g}")


def write(path: Path, table: pd.DataFrame) -> None:
    """A table of a demonstration, in six digits."""
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
