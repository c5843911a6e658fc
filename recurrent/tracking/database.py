"""Where MLflow's runs are kept, and how its SQLite database is created safely."""

import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

SQLITE = "sqlite:///"


def project_folder() -> Path:
    """Return the project that the current folder belongs to.

    DVC runs queued and temporary experiments in folders below `.dvc/tmp`, and `recurrent replicate`
    puts its clone there. They belong to the project that contains them.
    """
    here = Path.cwd()
    for folder in reversed(here.parents):
        if here.is_relative_to(folder / ".dvc/tmp"):
            return folder
    return here


def tracking_uri() -> str:
    """Return MLFLOW_TRACKING_URI, or the URI of a SQLite database in the project's folder.

    A path in the variable is relative to the project. The result is relative to the current folder,
    because the folder's own path may have characters that are special in a URI.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}mlflow.db"
    file = sqlite_file(uri)
    if file is None or file.is_absolute():
        return uri
    return f"{SQLITE}{os.path.relpath(project_folder() / uri.removeprefix(SQLITE))}"


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite database, or None for any other store."""
    path = uri.removeprefix(SQLITE).split("?")[0]
    return Path(path) if uri.startswith(SQLITE) and path not in ("", ":memory:") else None


def create_once(database: Path, create: Callable[[str], object]) -> None:
    """Create a database completely or not at all: `create` gets the URI of a temporary file.

    MLflow creates its tables in sixty steps, and a kill in between would leave a database that it
    cannot open. If two processes start at the same time, one waits for the other.
    """
    if database.exists():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    part, lock = (database.with_name(f"{database.name}.{end}") for end in ("part", "lock"))
    with FileLock(lock):
        if not database.exists():
            for left in (part, part.with_name(f"{part.name}-journal")):
                left.unlink(missing_ok=True)
            create(f"{SQLITE}{part}")
            part.replace(database)
        lock.unlink(missing_ok=True)  # processes that wait for the lock find the database
