"""A sweep as MLflow records it: a parent run, and a child run for each trial."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recurrent.common.locking import locked
from recurrent.tracking.database import project_folder
from recurrent.tracking.experiments import (
    FIRST_COLUMNS,
    SHARED_VIEW,
    TrackedExperiment,
    chart,
    panels,
    parallel_coordinates,
)
from recurrent.tracking.publish import LOCK
from recurrent.tracking.runs import Point

if TYPE_CHECKING:
    from recurrent.tracking.store import Store

# Tags: all runs of a sweep have its id, the parent has its name, a child the trial's number.
SWEEP_ID, SWEEP, TRIAL = "sweep_id", "sweep", "trial"
MAX_RUNS = 50_000  # that MLflow returns in one call
LOSS = "valid/loss"
OBJECTIVE = "objective"  # metric: the validation loss of the kept weights
STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}  # in MLflow, by state


@dataclass(frozen=True)
class TrackedTrial:
    """A trial: its values and its outcome."""

    number: int
    values: Mapping[str, bool | int | float | str | None]  # by key
    state: str  # running, complete, pruned or failed
    losses: Mapping[int, float]  # validation loss by epoch
    objective: float | None  # of a complete trial
    reason: str = ""  # why it failed
    started: float = 0.0  # in seconds since 1970
    ended: float = 0.0

    def points(self) -> list[Point]:
        """Return the curve of the validation loss."""
        return [(LOSS, loss, epoch) for epoch, loss in self.losses.items()]


@dataclass(frozen=True)
class TrackedSweep:
    """All trials of a sweep."""

    id: str
    name: str
    experiment: TrackedExperiment  # in MLflow
    variant: str  # experiment/variant
    space: Mapping[str, str]  # by key
    names: Mapping[str, str]  # in MLflow, by key
    seed: int  # of the sampler
    trials: Sequence[TrackedTrial]
    commands: Sequence[str] = ()  # to reproduce the best trial
    git_commit: str = ""

    @property
    def ended(self) -> list[TrackedTrial]:
        """The trials that have an outcome."""
        return [trial for trial in self.trials if trial.state in STATUS]

    @property
    def ranked(self) -> list[TrackedTrial]:
        """The complete trials, the best first."""
        return sorted(
            (trial for trial in self.trials if trial.objective is not None),
            key=lambda trial: (trial.objective, trial.number),
        )

    def parameters(self, trial: TrackedTrial) -> dict[str, str]:
        """Return the values of a trial, named like the parameters of other runs."""
        return {self.names[key]: str(value) for key, value in trial.values.items()}

    def view(self) -> dict[str, Any]:
        """Return the state of a view of the parent and its trials, the best first."""
        names = [*self.names.values()]
        metrics = [f"metrics.`{name}`" for name in (OBJECTIVE, LOSS)]
        others = [*(f"params.`{name}`" for name in names), "tags.`state`"]
        return {
            "searchFilter": f"tags.{SWEEP_ID} = '{self.id}'",
            "orderByKey": metrics[0],
            "orderByAsc": True,
            "selectedColumns": [*metrics, *others],
            "columnOrder": [*FIRST_COLUMNS, metrics[0], *others, metrics[1]],
            **panels([parallel_coordinates(names, OBJECTIVE), chart(LOSS)]),
        }

    def description(self) -> str:
        """Return the description of the parent run, in Markdown."""
        space = [f"| `{key}` | {one} |" for key, one in self.space.items()]
        lines = [f"Sweep of {self.variant}, {len(self.ended)} trials.", ""]
        lines += ["| key | searched |", "|---|---|", *space]
        if self.ranked:
            best = self.ranked[0]
            lines += ["", f"Best: trial {best.number}, validation loss {best.objective}", ""]
            lines += [f"    {command}" for command in self.commands]
        return "\n".join(lines)


def publish_sweep(sweep: TrackedSweep) -> None:
    """Add what MLflow lacks of a sweep: a parent run, and a child for each trial."""
    from recurrent.tracking.store import Store

    with locked("publishing to MLflow", project_folder() / LOCK):
        _publish_sweep(Store(), sweep)


def _publish_sweep(store: "Store", sweep: TrackedSweep) -> None:
    from recurrent.tracking.store import LONGEST_TAG, PUBLISHED

    experiment_id = store.experiment_id(sweep.experiment)
    mine = f"tags.{SWEEP_ID} = '{sweep.id}'"
    runs = store.client.search_runs([experiment_id], filter_string=mine, max_results=MAX_RUNS)
    known = {run.data.tags.get(TRIAL, ""): run for run in runs}
    parent = known.get("") or _create_parent(store, experiment_id, sweep)
    parent_id = str(parent.info.run_id)
    space = {f"space.{sweep.names[key]}": one for key, one in sweep.space.items()}
    store.log_parameters(parent, {**space, "sampler.seed": str(sweep.seed)})
    for trial in sweep.ended:
        child = known.get(str(trial.number))
        if child is None or PUBLISHED not in child.data.tags:
            new = child is None
            child = child or _create_child(store, experiment_id, parent_id, sweep, trial)
            _complete_child(store, child, sweep, trial, new=new)
    for best in sweep.ranked[:1]:
        store.log_final(parent_id, {OBJECTIVE: best.objective or 0.0})
        values = {f"best.{name}": value for name, value in sweep.parameters(best).items()}
        for name, value in {"best.trial": str(best.number), **values}.items():
            store.client.set_tag(parent_id, name, value)
    store.client.set_tag(parent_id, "mlflow.note.content", sweep.description()[:LONGEST_TAG])
    view = json.dumps(sweep.view())
    store.client.set_experiment_tag(experiment_id, f"{SHARED_VIEW}{sweep.name}", view)
    store.client.set_terminated(parent_id)


def sweeps(store: "Store", experiment_id: str) -> list[str]:
    """Return the names of the sweeps in an experiment, the newest first."""
    runs = store.client.search_runs([experiment_id], filter_string=f"tags.{SWEEP} LIKE '%'")
    return [*dict.fromkeys(run.data.tags[SWEEP] for run in runs)]


def _create_parent(store: "Store", experiment_id: str, sweep: TrackedSweep) -> Any:
    start = min(trial.started for trial in sweep.trials)
    return _create(store, experiment_id, sweep, sweep.name, start, {SWEEP: sweep.name})


def _create_child(
    store: "Store", experiment_id: str, parent: str, sweep: TrackedSweep, trial: TrackedTrial
) -> Any:
    tags = {
        "mlflow.parentRunId": parent,
        TRIAL: str(trial.number),
        "state": trial.state,
        "mlflow.note.content": trial.reason,
    }
    name = f"trial {trial.number}"
    return _create(store, experiment_id, sweep, name, trial.started, tags)


def _create(
    store: "Store",
    experiment_id: str,
    sweep: TrackedSweep,
    name: str,
    started: float,
    tags: Mapping[str, str],
) -> Any:
    """Create a run of a sweep, without a fingerprint, so that `Store.find` does not find it."""
    from recurrent.tracking.store import LONGEST_TAG, without_retries

    shared = {
        SWEEP_ID: sweep.id,
        "mlflow.source.name": "recurrent sweep",
        "mlflow.source.git.commit": sweep.git_commit,
    }
    short = {key: value[:LONGEST_TAG] for key, value in tags.items()}
    with without_retries():
        return store.client.create_run(
            experiment_id, int(started * 1000), {**shared, **short}, run_name=name
        )


def _complete_child(
    store: "Store", child: Any, sweep: TrackedSweep, trial: TrackedTrial, *, new: bool
) -> None:
    from recurrent.tracking.store import PUBLISHED

    run_id = str(child.info.run_id)
    store.log_parameters(child, sweep.parameters(trial))
    store.log_curves(run_id, trial.points(), new=new)
    if trial.objective is not None:
        store.log_final(run_id, {OBJECTIVE: trial.objective})
    store.client.set_terminated(run_id, STATUS[trial.state], int(trial.ended * 1000))
    store.client.set_tag(run_id, PUBLISHED, trial.state)
