"""dataset.json: what the arrays beside it do not say, and what kind of dataset they are."""

from pathlib import Path
from typing import Any

from recurrent import files
from recurrent.errors import PipelineError


def read_about(folder: Path, kind: str) -> dict[str, Any]:
    """The file of a dataset, which must be of that kind."""
    try:
        about: dict[str, Any] = files.read_json(folder / "dataset.json")
    except FileNotFoundError:
        raise PipelineError(
            "there is no such dataset yet.", where=str(folder), remedy="Run dvc repro."
        ) from None
    if about.get("kind") != kind:
        raise PipelineError(
            f"it is a dataset of {about.get('kind', 'an older kind')}, and the task needs {kind}.",
            where=str(folder),
            remedy="Give the experiment a dataset, or a task, that fits.",
        )
    return about
