"""`recurrent sweep`: search a few settings of one variant for the lowest validation loss."""

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from recurrent.cluster.coordinator import connect
from recurrent.commands import jobs, publish, repro
from recurrent.commands.lookup import (
    find,
    parameter_file,
    pipelines,
    refuse_unknown_lectures,
    refuse_wrong_model,
)
from recurrent.commands.tracked import tracked_experiments
from recurrent.commands.trials import Sweep, with_values
from recurrent.common import files, paths
from recurrent.common.config import Config, Variant
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.common.locking import REPRO, locked
from recurrent.report.numbers import number
from recurrent.report.terminal import show
from recurrent.report.views import Cell, Table
from recurrent.sweeps.space import Space, Value, corners, format_value, parse, short_name
from recurrent.tracking.experiments import CHARTS, TABLE
from recurrent.tracking.publish import warning_only
from recurrent.tracking.sweeps import TrackedSweep, publish_sweep
from recurrent.training import parallel
from recurrent.training.fingerprint import data_digest, digest, fingerprints
from recurrent.training.store import RunStore

if TYPE_CHECKING:
    from recurrent.sweeps.study import Study

FOLDER = Path(".dvc/tmp/sweeps")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
MIN_RECORDS = 10  # of validation; a dataset of lesson six has one
TABLE_ROWS = 5  # trials in the table
CONTINUE = "When MLflow works again, run the same command: finished trials are not repeated."


def main(
    experiment: str,
    ranges: Sequence[str],
    trials: int,
    seed: int = 0,
    workers: int | None = None,
    name: str | None = None,
    cluster: str | None = None,
) -> None:
    """Run the missing trials of a sweep, publish it, and show its best trials."""
    space = parse(ranges)
    settings, variant = find(experiment)
    refuse_unknown_lectures([settings])
    for values in corners(space):
        checked = with_values(settings, variant, values)
        if any(key.startswith("model.") for key in space):
            refuse_wrong_model(checked)
    study_class = load_study_class()
    encode(settings, variant.dataset)
    refuse_without_validation(settings, variant)
    data = data_digest(paths.encoded(variant.dataset))
    identity = identify(settings, variant, space, seed, data)
    if name is None:
        name = f"{variant.experiment}-{variant.variant}-{identity[:8]}"
    elif not NAME.fullmatch(name) or name in (TABLE, CHARTS):  # views that MLflow has already
        raise PipelineError(
            f"{name!r} may have only letters, digits, dots, hyphens and underscores.",
            where="--name",
        )
    with locked(f"sweep {name}", FOLDER / f"{name}.lock"):
        study = study_class(FOLDER / f"{name}.log", space, seed, identity)
        sweep = Sweep(settings, variant, study, RunStore(), data)
        planned = [trial.job() for trial in sweep.unfinished(trials)]
        done = max(0, trials - len(planned))
        note(f"sweep {name}: {done} of {trials} trials are done. The same command continues it.")
        here = workers or parallel.default_workers(settings.runtime)
        try:
            with connect(cluster, settings.runtime, workers) as away:
                parallel.run_jobs(planned, here, lambda _: None, cluster=away)
        except KeyboardInterrupt:
            note("stopped. The same command continues the sweep")
            raise
        found = to_tracked_sweep(sweep, name, seed, space)
    if settings.runtime.tracking:
        with warning_only(CONTINUE):
            publish_sweep(found)
    report(found, Console())


def load_study_class() -> type["Study"]:
    """Import the class of studies; if Optuna is missing, say how to install it."""
    try:
        from recurrent.sweeps.study import Study
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"Optuna is missing ({fault}).",
            where="recurrent sweep",
            remedy="Install it: pip install -e '.[sweep]'",
        ) from fault
    return Study


def encode(settings: Config, dataset: str) -> None:
    """Encode the dataset if it is not up to date."""
    repro.use_this_python()
    stage = f"embed@{dataset}" if dataset in settings.embedded else f"encode@{dataset}"
    if jobs.stale_among("--with-deps", stage):
        with locked("recurrent repro", REPRO):
            jobs.run_stages([stage])


def refuse_without_validation(settings: Config, variant: Variant) -> None:
    """Refuse a variant without enough validation records; name those that have them."""
    count = validation_records(variant)
    if count >= MIN_RECORDS:
        return
    own = [*settings.variants(variant.experiment)]
    others = [one for each in pipelines() for one in each.variants()]
    good = [
        names
        for those in (own, others)
        if (names := [one.name for one in those if validation_records(one) >= MIN_RECORDS])
    ]
    raise PipelineError(
        f"a sweep compares validation losses, but the dataset {variant.dataset} has "
        f"{count} validation record{'s' * (count != 1)}.",
        where=variant.name,
        remedy=f"Choose a variant with at least {MIN_RECORDS}: {', '.join(good[0])}."
        if good
        else "",
    )


def validation_records(variant: Variant) -> int:
    """Return how many validation records a variant has; 0 if its data are not encoded here."""
    report = paths.encoded(variant.dataset) / "report.json"
    return int(files.read_json(report).get("valid", 0)) if report.exists() else 0


def identify(settings: Config, variant: Variant, space: Space, seed: int, data: str) -> str:
    """Return a hash of the variant, its data and code, the space and the sampler's seed."""
    trained = fingerprints(variant, settings.runtime, data)[variant.seeds[0]]
    return digest([trained, {key: str(one) for key, one in space.items()}, seed])


def to_tracked_sweep(sweep: Sweep, name: str, seed: int, space: Space) -> TrackedSweep:
    """Convert the sweep for MLflow and the table."""
    found = TrackedSweep(
        id=sweep.study.id,
        name=name,
        experiment=tracked_experiments()[sweep.variant.lecture],
        variant=sweep.variant.name,
        space={key: str(one) for key, one in space.items()},
        names={key: short_name(key) for key in space},
        seed=seed,
        trials=sweep.study.trials(),
        git_commit=publish.git_commit(),
    )
    best = found.ranked[:1]
    lines = [line for one in best for line in commands(sweep.settings, sweep.variant, one.values)]
    return replace(found, commands=lines)


def commands(settings: Config, variant: Variant, values: Mapping[str, Value]) -> list[str]:
    """Return the commands that give these values to this variant only."""
    own = f"variants.{variant.variant}."
    given = settings.experiments[variant.experiment].variants[variant.variant] or {}
    file = "" if settings.pipeline == "lectures" else f"{parameter_file(settings)}:"
    ours, dvc = ["recurrent", "try", variant.experiment], ["dvc", "exp", "run"]
    for key, value in values.items():
        ours += ["-S", f"{own}{key}={format_value(value)}"]
        add = "" if has_key(given, key) else "+"  # Hydra adds a key that the file lacks
        place = f"experiments.{variant.experiment}.{own}{key}"
        dvc += ["-S", f"{file}{add}{place}={format_value(value)}"]
    return [shlex.join(ours), shlex.join(dvc)]


def has_key(values: Any, key: str) -> bool:
    """Return whether a nested map has a dotted key."""
    for part in key.split("."):
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True


def report(sweep: TrackedSweep, console: Console) -> None:
    """Print the best trials, and the commands that reproduce the best."""
    states = Counter(trial.state for trial in sweep.trials)
    counts = ", ".join(f"{count} {state}" for state, count in states.items())
    if not sweep.ranked:
        reasons = [trial.reason for trial in sweep.trials if trial.reason]
        raise PipelineError(
            f"no trial is complete ({counts}). {' '.join(reasons[:1])}", where=sweep.name
        )
    trials = f"{len(sweep.trials)} trial{'s' * (len(sweep.trials) != 1)}"
    show(best_trials(sweep, f"{sweep.variant}: the best of {trials} ({counts})"), console)
    console.print("To train the best with all seeds, run one of:", highlight=False)
    for command in sweep.commands:
        console.print(f"  {command}", highlight=False, soft_wrap=True)


def best_trials(sweep: TrackedSweep, title: str) -> Table:
    """Return the table of the best trials."""
    rows = [
        (
            Cell(str(trial.number), "number"),
            *(Cell(format_value(value), "code") for value in trial.values.values()),
            Cell(str(len(trial.losses)), "number"),
            Cell(number(trial.objective), "number"),
        )
        for trial in sweep.ranked[:TABLE_ROWS]
    ]
    head = ("trial", *sweep.names.values(), "epochs", "validation loss")
    return Table(title, head, tuple(rows))
