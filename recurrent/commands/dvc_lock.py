"""The lock files of both pipelines, as DVC writes them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recurrent.common import config

LOCKS = ("dvc.lock", "beyond/dvc.lock")


def read_stages(lock: Path) -> dict[str, Any]:
    """Return the entry of each stage in a lock file; none if the file is missing or empty."""
    values = config.read_yaml(lock) if lock.exists() else None
    return (values or {}).get("stages") or {}


def locked_outputs(folder: Path = Path()) -> Iterator[Mapping[str, Any]]:
    """Yield every output in the lock files of a project: its path, its hash, and more."""
    for lock in LOCKS:
        for stage in read_stages(folder / lock).values():
            yield from stage.get("outs") or ()
