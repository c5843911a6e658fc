"""Small files written whole or not at all, and JSON as everyone here writes it."""

import json
import os
from pathlib import Path
from typing import Any

from recurrent.errors import PipelineError


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` in one step: a reader, or a kill, finds the old content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # a full disk is not to be kept full by half a file
        raise


def write_text(path: Path, text: str) -> None:
    """The same for text, in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """JSON for people and for diffs: indented, one final newline, characters as they are."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """The value in a JSON file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise PipelineError(
            f"is not JSON in UTF-8 ({fault}).", where=str(path), remedy="Run dvc repro."
        ) from fault
