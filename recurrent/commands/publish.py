"""`recurrent publish`: bring MLflow up to date with the files."""

import filecmp
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from recurrent.commands.jobs import stage_of
from recurrent.commands.lookup import pipelines, plan_if_encoded
from recurrent.commands.tracked import (
    display_names,
    locked_hashes,
    tracked_data,
    tracked_experiments,
)
from recurrent.common import config, files, paths
from recurrent.common.config import Config, Variant
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.tracking.champions import Champion
from recurrent.tracking.publish import one_line, publish, warning_only
from recurrent.tracking.results import TrackedResults
from recurrent.tracking.runs import TrackedRun
from recurrent.training.fingerprint import Run, data_digest, digest
from recurrent.training.store import WEIGHTS, RunStore

NOT_ENCODED = "their data are not encoded here. `recurrent repro` encodes them"
OTHER_WEIGHTS = (
    "their files in data/ do not come from the present settings, data and code. "
    "`recurrent repro` rebuilds them"
)
CHOOSE = "`recurrent repro` chooses the best network again."
NO_RUNS = "the run store lacks their runs for the present settings, data and code"


class Skipped:
    """Evaluated variants that cannot be published, by the reason."""

    def __init__(self) -> None:
        self.names: defaultdict[str, list[str]] = defaultdict(list)
        self.stages: list[str] = []  # these train the runs that the store lacks

    def add(self, reason: str, variant: Variant, settings: Config) -> None:
        """Record a variant."""
        self.names[reason].append(variant.name)
        stage = stage_of("train", variant.experiment, settings)
        if reason == NO_RUNS and stage not in self.stages:
            self.stages.append(stage)

    def report(self) -> None:
        """Print which variants were skipped, why, and what to do."""
        for reason, names in self.names.items():
            note(f"not published: {', '.join(names)}: {reason}.")
        if self.stages:
            note(
                "If `recurrent repro` trains nothing, this command trains them again: "
                f"dvc repro -f -s {' '.join(self.stages)}"
            )


def main() -> None:
    """Log every trained and evaluated variant, as far as MLflow lacks it."""
    skipped = Skipped()
    runs = [*tracked_runs(skipped)]
    try:
        changed = publish(runs, tracked_results(), champions(runs), trust_stamp=False)
    except Exception as fault:  # whatever a tracker raises
        raise PipelineError(
            f"could not be brought up to date ({one_line(fault)}).",
            where="MLflow",
            remedy="The pipeline's files are complete: run `recurrent publish` again later.",
        ) from fault
    skipped.report()
    if changed:
        note(f"MLflow: {changed} runs brought up to date")
    elif skipped.names:
        note("MLflow: nothing new to publish; the variants above were skipped")
    else:
        note("MLflow is up to date")


def after_repro() -> None:
    """Publish new results if `runtime.tracking` is on. A failure is only a warning."""
    if config.load().runtime.tracking:
        skipped = Skipped()
        with warning_only():
            runs = [*tracked_runs(skipped)]
            publish(runs, tracked_results(), champions(runs))
        skipped.report()


def tracked_runs(skipped: Skipped) -> Iterator[TrackedRun]:
    """Yield every evaluated variant whose weights are those of the current settings."""
    store, commit, hashes = RunStore(), git_commit(), locked_hashes()
    of_lecture, names = tracked_experiments(), display_names()
    for settings in pipelines():
        for experiment in settings.experiments:
            variants = [v for v in settings.variants(experiment) if is_evaluated(v, settings)]
            runs = plan_if_encoded(settings, experiment) if variants else []
            for variant in variants:
                of_seeds = [run for run in runs if run.variant == variant]
                about = [store.about(run.fingerprint) for run in of_seeds]
                finished = [one for one in about if one is not None]
                if not of_seeds:
                    skipped.add(NOT_ENCODED, variant, settings)
                elif len(finished) < len(of_seeds):
                    skipped.add(NO_RUNS, variant, settings)
                elif not all(has_weights(run, settings.results, store) for run in of_seeds):
                    skipped.add(OTHER_WEIGHTS, variant, settings)
                else:
                    yield TrackedRun(
                        variant=variant,
                        display_name=names.get(variant.name, variant.name),
                        experiment=of_lecture[variant.lecture],
                        dataset=settings.encoding(variant.dataset),
                        data=tracked_data(variant.dataset, hashes),
                        fingerprint=digest([run.fingerprint for run in of_seeds]),
                        device=finished[0]["device"],
                        results=settings.results,
                        seconds=sum(one["seconds"] for one in finished),
                        git_commit=commit,
                    )


def tracked_results() -> list[TrackedResults]:
    """Return the results of each pipeline that has a report."""
    commit = git_commit()
    found = [TrackedResults(one.pipeline, one.source, one.results, commit) for one in pipelines()]
    return [one for one in found if one.is_complete()]


def is_evaluated(variant: Variant, settings: Config) -> bool:
    """Return whether a variant is trained and evaluated."""
    key = variant.experiment, variant.variant
    spec = settings.results.model(*key) / "spec.json"
    return spec.exists() and settings.results.evaluation(*key).exists()


def has_weights(run: Run, results: paths.Results, store: RunStore) -> bool:
    """Return whether data/models has the weights that the run store has for this run."""
    stored = store.place(run.fingerprint) / WEIGHTS
    weights = results.weights(run.variant.experiment, run.variant.variant, run.seed)
    return weights.exists() and filecmp.cmp(stored, weights, shallow=False)


def champions(runs: Sequence[TrackedRun]) -> list[Champion]:
    """Return the champions among these runs.

    Networks trained on the lectures' own corpora have a suffix in their names: otherwise `recurrent
    replicate` and `recurrent repro` would take the alias from each other.
    """
    settings = config.load()
    suffix = "" if settings.source == "bundled" else f"-{settings.source}"
    of_variant = {run.variant.name: run for run in runs if run.results == settings.results}
    found = []
    for name, wanted in settings.champions.items():
        folder = paths.champion(name)
        if not (folder / paths.CHAMPION).exists():
            continue
        about = files.read_json(folder / paths.CHAMPION)
        run = of_variant.get(f"{about['experiment']}/{about['variant']}")
        if run is None:  # it is reported as not published
            continue
        if not is_copy(folder, run):
            note(f"not registered: {name}: {folder} has other weights than data/models. {CHOOSE}")
            continue
        lacks = [one for one in wanted.datasets if not paths.encoded(one).exists()]
        if lacks:
            note(f"not registered: {name}: {', '.join(lacks)}: {NOT_ENCODED}.")
            continue
        data = digest([data_digest(paths.encoded(dataset)) for dataset in wanted.datasets])
        found.append(Champion(f"{name}{suffix}", wanted.title, run, about["valid_loss"], data))
    return found


def is_copy(folder: Path, run: TrackedRun) -> bool:
    """Return whether a champion's folder has the weights of a run."""
    model = run.results.model(run.variant.experiment, run.variant.variant)
    names = [f"seed-{seed}.safetensors" for seed in run.variant.seeds]
    return filecmp.cmpfiles(folder, model, names, shallow=False)[0] == names


def git_commit() -> str:
    """Return the checked-out commit, marked if the code or the settings differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        code = ("recurrent", "stages", "*.yaml")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", *code)
        return git("rev-parse", "HEAD") + ("-modified" if changed else "")
    except (OSError, subprocess.CalledProcessError):  # no git, no repository, no commit yet
        return ""
