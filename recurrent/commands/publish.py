"""`recurrent publish`: bring MLflow up to date with the files."""

import filecmp
import subprocess
from collections.abc import Iterator, Sequence

from recurrent import config, paths
from recurrent.commands.lookup import pipelines
from recurrent.config import Config, Variant
from recurrent.console import note
from recurrent.errors import PipelineError
from recurrent.tracking.publish import one_line, publish, publish_or_warn
from recurrent.tracking.runs import TrackedRun
from recurrent.training.fingerprint import Run, digest, plan
from recurrent.training.store import MANIFEST, WEIGHTS, RunStore


def main() -> None:
    """Log every trained and evaluated variant, as far as MLflow lacks it."""
    runs = [*tracked_runs()]
    try:
        changed = publish(runs, trust_stamp=False)
    except Exception as fault:  # whatever a tracker raises
        raise PipelineError(
            f"could not be brought up to date ({one_line(fault)}).",
            where="MLflow",
            remedy="The pipeline's files are complete: run `recurrent publish` again later.",
        ) from fault
    note(f"MLflow: {changed} runs brought up to date" if changed else "MLflow is up to date")


def after_repro() -> None:
    """Publish new results if `runtime.tracking` is on. A failure is only a warning."""
    if config.load().runtime.tracking:
        publish_or_warn(tracked_runs())


def tracked_runs() -> Iterator[TrackedRun]:
    """Yield every evaluated variant whose weights are those of the current settings."""
    store, stale = RunStore(), []
    for settings in pipelines():
        for experiment in settings.experiments:
            variants = [v for v in settings.variants(experiment) if is_evaluated(v, settings)]
            runs = plan_if_encoded(settings, experiment) if variants else []
            for variant in variants:
                of_seeds = [run for run in runs if run.variant == variant]
                if of_seeds and all(is_current(run, settings.results, store) for run in of_seeds):
                    yield tracked(of_seeds, settings, store)
                else:
                    stale.append(variant.name)
    if stale:
        note(
            f"not published, since these files do not come from the present settings, data and "
            f"code: {', '.join(stale)}. Run `recurrent repro` to train and publish them."
        )


def is_evaluated(variant: Variant, settings: Config) -> bool:
    """Return whether a variant is trained and evaluated."""
    key = variant.experiment, variant.variant
    return settings.results.evaluation(*key).exists() and settings.results.model(*key).exists()


def plan_if_encoded(settings: Config, experiment: str) -> list[Run]:
    """Return the runs of an experiment, or an empty list if its data are not encoded here."""
    chosen = settings.experiments[experiment]
    data = map(paths.encoded, (chosen.dataset, chosen.also))
    return plan(settings, experiment) if all(folder.exists() for folder in data) else []


def is_current(run: Run, results: paths.Results, store: RunStore) -> bool:
    """Return whether data/models has the weights that the run store has for this run."""
    stored = store.place(run.fingerprint)
    weights = results.weights(run.variant.experiment, run.variant.variant, run.seed)
    finished = (stored / MANIFEST).exists() and weights.exists()
    return finished and filecmp.cmp(stored / WEIGHTS, weights, shallow=False)


def tracked(runs: Sequence[Run], settings: Config, store: RunStore) -> TrackedRun:
    """Return the record to publish: one for all seeds of a variant."""
    variant = runs[0].variant
    about = [store.about(run.fingerprint) for run in runs]
    return TrackedRun(
        variant=variant,
        dataset=settings.encoding(variant.dataset),
        fingerprint=digest([run.fingerprint for run in runs]),
        device=about[0]["device"],
        results=settings.results,
        seconds=sum(one["seconds"] for one in about),
        git_commit=git_commit(),
    )


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
