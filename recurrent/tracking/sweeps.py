"""A sweep as MLflow records it: a parent run, and a child run for each trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recurrent.common.console import note
from recurrent.tracking.experiments import (
    FIRST_COLUMNS,
    Chapter,
    chart,
    panels,
    parallel_coordinates,
)
from recurrent.tracking.publish import one_line
from recurrent.tracking.runs import Point

SWEEP_ID, TRIAL = "sweep_id", "trial"  # tags of a sweep's runs; the parent has no trial
LOSS = "valid/loss"
OBJECTIVE = "objective"  # metric: the validation loss of the kept weights
STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}  # in MLflow, by state


@dataclass(frozen=True)
class TrackedTrial:
    """One trial: its values, and what became of them."""

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
    chapter: Chapter  # the MLflow experiment that it belongs to
    variant: str  # experiment/variant
    space: Mapping[str, str]  # by key
    names: Mapping[str, str]  # what MLflow calls each key
    seed: int  # of the sampler
    trials: Sequence[TrackedTrial]
    commands: Sequence[str] = ()  # that reproduce the best trial
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
        """Return the values of a trial, under the names of other runs' parameters."""
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
        """Return what the parent run says, in Markdown."""
        space = [f"| `{key}` | {one} |" for key, one in self.space.items()]
        lines = [f"Sweep of {self.variant}, {len(self.ended)} trials.", ""]
        lines += ["| key | searched |", "|---|---|", *space]
        if self.ranked:
            best = self.ranked[0]
            lines += ["", f"Best: trial {best.number}, validation loss {best.objective}", ""]
            lines += [f"    {command}" for command in self.commands]
        return "\n".join(lines)


def publish_sweep_or_warn(sweep: TrackedSweep) -> None:
    """Publish a sweep; if MLflow fails, print a warning."""
    try:
        from recurrent.tracking.store import Store

        Store().publish_sweep(sweep)
    except Exception as fault:  # whatever a tracker raises, the sweep is complete
        note(f"warning: MLflow does not have all trials ({one_line(fault)})")
        note("Run the same command when MLflow works again: finished trials are not repeated.")
