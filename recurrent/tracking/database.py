"""MLflow's database where it is a file of ours: made whole, or not at all."""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

SQLITE = "sqlite:///"


def file_of(uri: str) -> Path | None:
    """The file of a SQLite database; None of any other store."""
    place = uri.removeprefix(SQLITE).split("?")[0]
    return Path(place) if uri.startswith(SQLITE) and place not in ("", ":memory:") else None


def made_whole(database: Path, make: Callable[[str], object]) -> None:
    """MLflow makes its tables in sixty steps, and half of them are of no use: so beside the place.

    A kill leaves the place empty; of two trainings that start together, one waits for the other.
    """
    if database.exists():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    part, lock = (database.with_name(f"{database.name}.{end}") for end in ("part", "lock"))
    with FileLock(lock):
        if not database.exists():
            for left in (part, part.with_name(f"{part.name}-journal")):
                left.unlink(missing_ok=True)
            make(f"{SQLITE}{part}")
            part.replace(database)
        lock.unlink(missing_ok=True)  # whoever waits for it finds the database there
