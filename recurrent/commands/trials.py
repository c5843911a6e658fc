"""The trials of a sweep as jobs: a worker trains them, this process proposes and records them."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recurrent.commands.jobs import training_progress
from recurrent.commands.lookup import parameter_file
from recurrent.commands.try_experiment import assign
from recurrent.common.config import Config, Runtime, Variant
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.sweeps.space import Value
from recurrent.sweeps.trial import Outcome, finished_outcome, train_trial
from recurrent.training.fingerprint import Run, fingerprints
from recurrent.training.schedule import Job
from recurrent.training.store import RunStore

if TYPE_CHECKING:
    from recurrent.sweeps.study import Study
    from recurrent.sweeps.trial import Earlier


@dataclass
class Sweep:
    """The data that the trials of a sweep share."""

    settings: Config
    variant: Variant
    study: "Study"
    store: RunStore
    data: str  # digest of the dataset

    def unfinished(self, total: int) -> Iterator["Trial"]:
        """Yield the trials to run: first the interrupted ones, then new ones."""
        known = self.study.trials()
        for trial in known[:total]:
            if trial.state == "running":
                yield Trial(self, trial.number, self.run(trial.values))
        for place in range(len(known), total):
            yield Trial(self, place)

    def run(self, values: Mapping[str, Value]) -> Run:
        """Return the run of the variant with these values, from its first seed."""
        variant = with_values(self.settings, self.variant, values)
        runtime, seed = self.settings.runtime, variant.seeds[0]
        return Run(variant, seed, fingerprints(variant, runtime, self.data)[seed])


@dataclass
class Trial:
    """A trial. It is proposed once a worker is free, so that it uses all results so far."""

    sweep: Sweep
    number: int
    run: Run | None = None

    def __post_init__(self) -> None:
        self.work = Work(self.sweep.settings.runtime, self.sweep.store.folder.resolve())

    def job(self) -> Job:
        """Return the job that trains the trial in a worker and records its outcome here."""
        return Job(
            key=f"trial {self.number}",
            name=f"trial {self.number}",
            work=self.work,
            finished=self.prepare,
            progress=self.progress,
            next_jobs=self.record,
            away=True,
        )

    def prepare(self) -> bool:
        """Propose the trial just before it starts; return whether the store has its run."""
        if self.run is None:
            proposed = self.sweep.study.propose()
            self.number, self.run = proposed.number, self.sweep.run(proposed.values)
        self.work.run, self.work.earlier = self.run, self.sweep.study.complete()
        return self.sweep.store.finished(self.run.fingerprint)

    def progress(self) -> float:
        """Return how many of its epochs the trial has finished, from 0 to 1."""
        return training_progress(self.run, self.sweep.store) if self.run else 0.0

    def record(self, outcome: Outcome | None) -> Iterable[Job]:
        """Record the outcome, which is None if the store had the run; no jobs follow."""
        assert self.run is not None
        outcome = outcome or finished_outcome(self.run, self.sweep.store)
        self.sweep.study.record(self.number, outcome)
        if outcome.state == "failed":
            note(f"warning: trial {self.number} failed: {outcome.reason}")
        return ()


@dataclass
class Work:
    """The work of a worker for a trial."""

    runtime: Runtime
    store: Path  # the folder of the run store
    run: Run | None = None  # set when the trial is proposed
    earlier: "Earlier" = ()  # complete trials when it started

    def __call__(self) -> Outcome:
        """Train the run."""
        assert self.run is not None
        return train_trial(self.run, self.runtime, self.store, self.earlier)


def with_values(settings: Config, variant: Variant, values: Mapping[str, Value]) -> Variant:
    """Return the variant with these values; refuse values that do not fit."""
    chosen = settings.experiments[variant.experiment]
    overrides = deepcopy(chosen.variants[variant.variant]) or {}
    for key, value in values.items():
        assign(overrides, key, value)
    variants = {**chosen.variants, variant.variant: overrides}
    changed = chosen.model_copy(update={"variants": variants})
    try:
        return changed.resolve(variant.experiment, variant.variant)
    except ValueError as fault:
        raise PipelineError(f"{fault}.", where=str(parameter_file(settings))) from fault
