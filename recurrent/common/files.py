"""Write small files atomically; read and write JSON in one format."""

import json
import os
from pathlib import Path
from typing import Any

from recurrent.common.errors import PipelineError


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file atomically: it has the old content or the new one, even after a kill."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # a partial file would keep a full disk full
        raise


def write_text(path: Path, text: str) -> None:
    """Replace a text file atomically, in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people and diffs: indented, not escaped, with a final newline."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """Return the value in a JSON file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise PipelineError(
            f"this is not valid JSON in UTF-8 ({fault}).", where=str(path), remedy="Run dvc repro."
        ) from fault
