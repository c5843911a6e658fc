"""Read the spec of a trained model, and check that it suits the task."""

from pathlib import Path
from typing import Any

from recurrent.common.errors import PipelineError
from recurrent.models import base


def read_spec(folder: Path, required: str) -> dict[str, Any]:
    """Return the spec of a model; refuse one that lacks the entry that the task requires."""
    spec = base.read_spec(folder)
    if required not in spec["about"]:
        raise PipelineError(
            "this model was trained for another task.", where=str(folder), remedy="Run dvc repro."
        )
    return spec
