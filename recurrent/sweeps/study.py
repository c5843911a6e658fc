"""The trials of a sweep in a file of Optuna. Only this module imports optuna.

One process proposes and records all trials. A proposal depends on the seed, the number of the trial
and the earlier trials, but not on the state of a sampler. So a sweep that continues after a kill
makes the same proposals.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState, create_trial

from recurrent.common.errors import PipelineError
from recurrent.sweeps.space import Choices, Range, Space, Value, Values
from recurrent.sweeps.trial import Outcome
from recurrent.tracking.sweeps import TrackedTrial
from recurrent.training.fingerprint import digest

DIGITS = 4  # significant digits of a proposed number, so that it is easy to type
WARM_UP = 3  # no trial is pruned in the first third of its epochs
ID, IDENTITY, FAILED = "id", "identity", "failed"  # attributes of studies and of trials
optuna.logging.set_verbosity(optuna.logging.WARNING)


class Study:
    """The trials of a sweep. Only one process may open the file."""

    def __init__(self, file: Path, space: Space, seed: int, identity: str) -> None:
        self.space, self.seed = space, seed
        self.distributions = {key: distribution(one) for key, one in space.items()}
        file.parent.mkdir(parents=True, exist_ok=True)
        repair(file)
        lock = JournalFileOpenLock(str(file))
        self._storage = JournalStorage(JournalFileBackend(str(file), lock_obj=lock))
        self._study = optuna.create_study(
            storage=self._storage, study_name=file.stem, load_if_exists=True
        )
        for name, value in ((IDENTITY, identity), (ID, uuid4().hex)):
            if name not in self._study.user_attrs:
                self._study.set_user_attr(name, value)
        if self._study.user_attrs[IDENTITY] != identity:
            raise PipelineError(
                "this sweep was started with another variant, space, seed, code or data.",
                where=str(file),
                remedy="Choose another --name, or delete the file.",
            )

    @property
    def id(self) -> str:
        """An id that no other study has, not even one of the same name."""
        return str(self._study.user_attrs[ID])

    def trials(self) -> list[TrackedTrial]:
        """Return all trials, in order."""
        return [to_tracked_trial(trial) for trial in self._study.trials]

    def complete(self) -> list[FrozenTrial]:
        """Return the complete trials, for `is_worse_than_median`."""
        return self._study.get_trials(states=(TrialState.COMPLETE,))

    def propose(self) -> TrackedTrial:
        """Propose the next trial, and record it as running."""
        known = self._study.trials
        seed = int(digest([self.seed, len(known)])[:8], 16)
        # constant_liar: keep away from what other workers are trying now.
        sampler = TPESampler(seed=seed, multivariate=True, constant_liar=True)
        sketch = optuna.create_study(sampler=sampler)
        sketch.add_trials(known)
        proposed = sketch.ask(self.distributions).params
        values = {key: round_value(one, proposed[key]) for key, one in self.space.items()}
        running = TrialState.RUNNING
        self._study.add_trial(
            create_trial(state=running, params=values, distributions=self.distributions)
        )
        return to_tracked_trial(self._study.trials[-1])

    def record(self, number: int, outcome: Outcome) -> None:
        """Record the outcome of a trial.

        Optuna's sampler ignores failed trials and would propose similar values again. So record a
        failure as a pruned trial without losses, which ranks as the worst.
        """
        study = self._storage.get_study_id_from_name(self._study.study_name)
        trial = self._storage.get_trial_id_from_study_id_trial_number(study, number)
        if outcome.state == "failed":
            self._storage.set_trial_user_attr(trial, FAILED, outcome.reason)
        for epoch, loss in outcome.losses.items():
            self._storage.set_trial_intermediate_value(trial, epoch, loss)
        if outcome.objective is None:
            self._study.tell(number, state=TrialState.PRUNED)
        else:
            self._study.tell(number, outcome.objective)


def distribution(one: Range | Choices) -> BaseDistribution:
    """Return Optuna's distribution for a range or choices."""
    if isinstance(one, Choices):
        return CategoricalDistribution(one.values)
    if one.is_integer:
        return IntDistribution(int(one.low), int(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


def round_value(one: Range | Choices, value: Any) -> Value:
    """Round a proposed number, within its range."""
    if isinstance(one, Range) and not one.is_integer:
        return min(max(float(f"{value:.{DIGITS}g}"), one.low), one.high)
    found: Value = value
    return found


def is_worse_than_median(
    losses: Mapping[int, float], epochs: int, earlier: Sequence[FrozenTrial]
) -> bool:
    """Return whether the best loss so far is worse than the median of trials at the epoch."""
    pruner = MedianPruner(n_warmup_steps=epochs // WARM_UP)
    study = optuna.create_study(pruner=pruner)
    study.add_trials(earlier)
    study.add_trial(create_trial(state=TrialState.RUNNING, intermediate_values={**losses}))
    return pruner.prune(study, study.trials[-1])


def to_tracked_trial(trial: FrozenTrial) -> TrackedTrial:
    """Convert a trial of Optuna for tables and MLflow."""
    failed = trial.user_attrs.get(FAILED, "")
    return TrackedTrial(
        number=trial.number,
        values=Values(trial.params),
        state="failed" if failed else trial.state.name.lower(),
        losses={**trial.intermediate_values},
        objective=trial.value if trial.state == TrialState.COMPLETE else None,
        reason=failed,
        started=timestamp(trial.datetime_start),
        ended=timestamp(trial.datetime_complete),
    )


def timestamp(moment: datetime | None) -> float:
    """Return a time in seconds since 1970; 0 if it is unknown."""
    return moment.timestamp() if moment else 0.0


def repair(file: Path) -> None:
    """Remove what a killed process left: its lock, and an incomplete last line."""
    file.with_name(f"{file.name}.lock").unlink(missing_ok=True)
    if file.exists():
        content = file.read_bytes()
        if not content.endswith(b"\n"):
            os.truncate(file, content.rfind(b"\n") + 1)
