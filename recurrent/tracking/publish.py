"""Bring MLflow up to date with the files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from recurrent.common import files
from recurrent.common.console import Progress, note
from recurrent.common.errors import PipelineError
from recurrent.tracking.database import project_folder, sqlite_file, tracking_uri
from recurrent.tracking.results import TrackedResults
from recurrent.tracking.runs import TrackedRun

STAMP = Path(".dvc/tmp/published.json")  # what was published, and to which store


def publish_or_warn(runs: Iterable[TrackedRun], results: Sequence[TrackedResults] = ()) -> None:
    """Publish; if MLflow fails, print a warning."""
    try:
        publish(runs, results)
    except Exception as fault:  # whatever a tracker raises, the pipeline continues
        note(f"warning: MLflow is not up to date ({one_line(fault)})")
        note("The files are complete. Run `recurrent publish` when MLflow works again.")


def publish(
    runs: Iterable[TrackedRun],
    results: Sequence[TrackedResults] = (),
    *,
    trust_stamp: bool = True,
) -> int:
    """Log what MLflow lacks; return how many of its runs changed.

    If the stamp says that the same files are in the same store, mlflow is not even imported,
    because the import takes longer than everything else. Without `trust_stamp`, query MLflow.
    """
    everything: list[TrackedRun | TrackedResults] = [*runs, *results]
    wanted = {one.name: (one, one.state()) for one in everything if one.is_complete()}
    published = _read_stamp() if trust_stamp else {}
    missing = {name: found for name, found in wanted.items() if published.get(name) != found[1]}
    if not missing:
        return 0
    from recurrent.tracking.store import Store

    store, changed = Store(), 0
    with Progress("MLflow", len(missing)) as progress:
        for one, state in missing.values():
            changed += store.publish(one, state)
            progress.step(one.name)
    states = {name: state for name, (_, state) in wanted.items()}
    content = {"store": _store_identity(), "runs": {**_read_stamp(), **states}}
    files.write_json(project_folder() / STAMP, content)
    return changed


def one_line(fault: Exception) -> str:
    """Format an exception as one line: a tracker's own message may have many."""
    return " ".join(f"{type(fault).__name__}: {fault}".split())[:300]


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
        return [uri, 0]
    return [str(file.resolve()), file.stat().st_ino if file.exists() else 0]
