"""The spec of a trained variant, for the task that a caller expects."""

from pathlib import Path
from typing import Any

from recurrent.common.errors import PipelineError
from recurrent.models import base


def read_spec(folder: Path, required: str) -> dict[str, Any]:
    """Return the spec of a model; refuse one without this entry, which its task needs."""
    spec = base.read_spec(folder)
    if required not in spec["about"]:
        raise PipelineError(
            "this model was trained for another task.", where=str(folder), remedy="Run dvc repro."
        )
    return spec
