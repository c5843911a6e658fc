"""The contract of a study that needs no corpus: settings, and one call that writes a folder."""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import pandas as pd

from recurrent.common.config import Frozen
from recurrent.common.errors import PipelineError

REPORT = "report.json"  # the numbers of a study, in its folder


class Study(Protocol):
    """A module of this package."""

    Settings: type[Frozen]

    def run(self, settings: Any, folder: Path) -> dict[str, Any]:
        """Write tables and pictures into `folder`; return the numbers for its report."""


def load(name: str) -> Study:
    """Return the study in recurrent/studies/<name>.py."""
    try:
        return cast(Study, import_module(f"recurrent.studies.{name}"))
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"there is no recurrent/studies/{name}.py.", where="params.yaml: studies"
        ) from fault


def six(value: float) -> float:
    """Round a number to six digits; later ones depend on the processor."""
    return float(f"{value:.6g}")


def write(path: Path, table: pd.DataFrame) -> None:
    """Write a table as csv, with six digits."""
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
