"""Bring MLflow up to date with the files."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from recurrent.common import files
from recurrent.common.console import Progress, note
from recurrent.common.errors import PipelineError
from recurrent.common.locking import locked
from recurrent.tracking.champions import Champion
from recurrent.tracking.database import project_folder, sqlite_file, tracking_uri
from recurrent.tracking.results import TrackedResults
from recurrent.tracking.runs import TrackedRun

STAMP = Path(".dvc/tmp/published.json")  # what was published, and to which store
# MLflow has no lock: two processes that publish the same run would both create it.
LOCK = Path(".dvc/tmp/publish.lock")
REPUBLISH = "The files are complete. Run `recurrent publish` when MLflow works again."
USER = re.compile(r"(?<=://)[^/@\s]+@")  # name and password in an address


@contextmanager
def warning_only(remedy: str = REPUBLISH) -> Iterator[None]:
    """Print a warning and what to do if publishing fails."""
    try:
        yield
    except Exception as fault:  # whatever a tracker raises, the pipeline continues
        note(f"warning: MLflow is not up to date ({one_line(fault)})")
        note(remedy)


def publish(
    runs: Iterable[TrackedRun],
    results: Sequence[TrackedResults] = (),
    champions: Sequence[Champion] = (),
    *,
    trust_stamp: bool = True,
) -> int:
    """Log what MLflow lacks, and register champions; return how many of its runs changed.

    If the stamp says that the same files are in the same store, mlflow is not even imported,
    because the import takes longer than everything else. Without `trust_stamp`, query MLflow.
    """
    everything: list[TrackedRun | TrackedResults] = [*runs, *results]
    wanted = {one.name: (one, one.state()) for one in everything}
    with locked("publishing to MLflow", project_folder() / LOCK):
        return _publish(wanted, champions, _read_stamp() if trust_stamp else {})


def _publish(
    wanted: Mapping[str, tuple[TrackedRun | TrackedResults, str]],
    champions: Sequence[Champion],
    published: Mapping[str, str],
) -> int:
    """Log what the stamp does not have."""
    missing = {name: found for name, found in wanted.items() if published.get(name) != found[1]}
    best = {champion.name: (champion, champion.state()) for champion in champions}
    unregistered = [one for name, (one, state) in best.items() if published.get(name) != state]
    if not missing and not unregistered:
        return 0
    from recurrent.tracking.registry import register
    from recurrent.tracking.store import Store

    store, changed = Store(), 0
    with Progress("MLflow", len(missing)) as progress:
        for one, state in missing.values():
            changed += store.publish(one, state)
            progress.step(one.name)
    for champion in unregistered:
        if change := register(store, champion):
            note(change)
    states = {name: state for name, (_, state) in [*wanted.items(), *best.items()]}
    content = {"store": _store_identity(), "runs": {**_read_stamp(), **states}}
    files.write_json(project_folder() / STAMP, content)
    return changed


def one_line(fault: Exception) -> str:
    """Format an exception as one line, without passwords."""
    return without_user(" ".join(f"{type(fault).__name__}: {fault}".split())[:300])


def without_user(text: str) -> str:
    """Remove names and passwords from the addresses in a text."""
    return USER.sub("", text)


def _read_stamp() -> dict[str, str]:
    """Return the published state of each variant in the current store."""
    try:
        stamp = files.read_json(project_folder() / STAMP)
    except (FileNotFoundError, PipelineError):
        return {}
    return dict(stamp["runs"]) if stamp["store"] == _store_identity() else {}


def _store_identity() -> list[str | int]:
    """Identify the store. A database that was deleted and created again is another store."""
    uri = tracking_uri()
    file = sqlite_file(uri)
    if file is None:
        return [hashlib.sha256(uri.encode()).hexdigest(), 0]  # it may have a password
    return [str(file.resolve()), file.stat().st_ino if file.exists() else 0]
