"""Bring MLflow up to what the files say: curves, final figures, weights and samples of each run."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurrent import files, paths
from recurrent.config import Params
from recurrent.console import note
from recurrent.tracking import database
from recurrent.tracking.history import health, read_table
from recurrent.tracking.live import in_a_line
from recurrent.tracking.recorder import CIRCUMSTANCES, Run, tracking_uri
from recurrent.training.fingerprint import fingerprint

if TYPE_CHECKING:
    from recurrent.tracking.mlflow_sink import Store

PUBLISHED = "published"  # the tag that says which state of the files a run mirrors
STAMP = CIRCUMSTANCES / "published.json"


def publish_or_warn(settings: Params) -> None:
    """`publish` as the pipeline calls it: what goes wrong with MLflow is a warning."""
    try:
        publish(settings, trust_stamp=True)
    except Exception as fault:  # whatever a tracker throws, the pipeline goes on
        note(f"warning: MLflow is not up to date ({in_a_line(fault)})")
        note("Run `make publish` when the tracking server answers again.")


def publish(settings: Params, *, trust_stamp: bool = False) -> int:
    """Log what MLflow lacks of trainings that are up to date; the number of runs that changed.

    With `trust_stamp`, nothing is asked of MLflow where the same files have been published
    to the same store before: loading mlflow takes longer than all the rest.
    """
    wanted = {name: digest(name) for name in settings.experiments if is_complete(name)}
    stamp = {"store": _store_identity(), "runs": wanted}
    if trust_stamp and STAMP.exists() and files.read_json(STAMP) == stamp:
        return 0
    from recurrent.tracking.mlflow_sink import Store

    store = Store()
    changed, stale = 0, []
    for name, state in wanted.items():
        spec = files.read_json(paths.model(name) / "spec.json")
        run = Run.of(settings, name, spec["fingerprint"], spec["about"]["origin"])
        known = store.find(run)
        if known is not None and known.data.tags.get(PUBLISHED) == state:
            continue
        # A run shows the experiment's parameters: those of params.yaml may be others by now.
        if fingerprint(name, settings.experiments[name]) != run.fingerprint:
            stale.append(name)
            continue
        ended = known is not None and known.info.status == "FINISHED"
        _publish(store, run, state, ended=ended)
        changed += 1
    if stale:
        note(
            f"not brought up to date in MLflow, since the parameters, data and code here are not "
            f"those that trained them: {', '.join(stale)}. `make repro` trains and shows them."
        )
    done = {name: state for name, state in wanted.items() if name not in stale}
    files.write_json(STAMP, {"store": _store_identity(), "runs": done})
    return changed


def is_complete(name: str) -> bool:
    """Whether an experiment is trained, and what was evaluated is that very training."""
    spec, evaluation = paths.model(name) / "spec.json", paths.evaluation(name)
    if not (spec.exists() and evaluation.exists()):
        return False
    return bool(files.read_json(spec)["fingerprint"] == files.read_json(evaluation)["fingerprint"])


def digest(name: str) -> str:
    """One hash over all the files that a run shows."""
    state = hashlib.sha256()
    for path in _files(name):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


def _files(name: str) -> Iterator[Path]:
    yield paths.history(name)
    yield paths.gradients(name)
    yield paths.health(name)
    yield paths.evaluation(name)
    yield from (path for path in [paths.samples(name)] if path.exists())
    yield from sorted(paths.model(name).iterdir())


def _publish(store: "Store", run: Run, state: str, *, ended: bool) -> None:
    name, run_id = run.name, store.ensure(run)
    gradients = read_table(paths.gradients(name))
    store.log_curves(run_id, run.seeds, read_table(paths.history(name)), gradients)
    store.tag_health(run_id, health(files.read_json(paths.health(name))["findings"]))
    evaluation = files.read_json(paths.evaluation(name))
    store.log_figures(run_id, dict(figures(evaluation)))
    for path in filter(Path.exists, (paths.evaluation(name), paths.samples(name))):
        store.client.log_artifact(run_id, str(path), path.parent.name)
    store.client.log_artifacts(run_id, str(paths.model(name)), "model")
    store.client.set_tag(run_id, PUBLISHED, state)
    if not ended:
        store.client.set_terminated(run_id)


def figures(evaluation: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The final figures of a run, by the names under which MLflow shows them."""
    kinds = {"mean": "", "spread": "_spread", "together": "_together", "floor": "_best_possible"}
    for kind, suffix in kinds.items():
        for metric, value in (evaluation.get(kind) or {}).items():
            yield f"final/{metric}{suffix}", value
    for name, line in evaluation.get("first_seed", {}).get("by_class", {}).items():
        for metric in ("precision", "recall"):
            yield f"final/{metric}_{name}", line[metric]


def _store_identity() -> list[str | int]:
    """Which store: a local database that was deleted and made anew is another one."""
    uri = tracking_uri()
    file = database.file_of(uri)
    return [uri, file.stat().st_ino if file is not None and file.exists() else 0]
