"""The parallel jobs of `recurrent repro`: encode corpora, train runs, evaluate variants, embed."""

import csv
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

from recurrent.common import paths
from recurrent.common.config import Config, Runtime, Variant
from recurrent.common.errors import PipelineError
from recurrent.evaluation.stored import evaluate_into_store, fingerprint
from recurrent.evaluation.trained import Trained
from recurrent.training import store as runs
from recurrent.training.collect import note_findings
from recurrent.training.fingerprint import Run, plan
from recurrent.training.job import Training
from recurrent.training.schedule import DurationOf, Job
from recurrent.training.store import RunStore

Experiments = Mapping[str, Config]  # the pipeline of each experiment, by its name


def plan_jobs(experiments: Experiments, store: RunStore) -> Iterator[Job]:
    """Yield the jobs for the stages that DVC would run.

    Each corpus is encoded in one job; the jobs of its experiments follow.
    """
    stale = find_stale_stages(experiments, "--with-deps")
    encoded: dict[str, dict[str, Config]] = {}  # experiments by corpus
    for name, settings in experiments.items():
        corpus = settings.encoding(settings.experiments[name].dataset).corpus
        encoded.setdefault(corpus, {})[name] = settings
    for corpus, those in encoded.items():
        data = [f"encode@{dataset}" for dataset in datasets_of(those)]
        if {f"download@{corpus}", f"clean@{corpus}", *data} & stale:
            yield Job(
                key=f"data {corpus}",
                name=f"data {corpus}",
                work=partial(reproduce, data, those),
                finished=never_finished,
                next_jobs=partial(plan_stale, those, store),
                here=True,
            )
        else:
            yield from plan_stale(those, store, stale)


def datasets_of(experiments: Experiments) -> list[str]:
    """Return the datasets of these experiments that are encoded from a corpus."""
    found = []
    for name, settings in experiments.items():
        for dataset in (settings.experiments[name].dataset, settings.experiments[name].also):
            vectors = settings.embedded.get(dataset)
            found.append(vectors.dataset if vectors else dataset)
    return [*dict.fromkeys(found)]


def plan_stale(experiments: Experiments, store: RunStore, stale: set[str]) -> Iterator[Job]:
    """Yield the jobs for stale stages. Those on a network's vectors follow its `embed`."""
    datasets = {name: settings.experiments[name].dataset for name, settings in experiments.items()}
    vectors = {name: d for name, d in datasets.items() if d in experiments[name].embedded}
    own = [
        job
        for name, settings in experiments.items()
        if name not in vectors
        for job in plan_experiment(name, settings, store, stale)
    ]
    yield from own
    for dataset in dict.fromkeys(vectors.values()):
        waiting = {name: experiments[name] for name in vectors if vectors[name] == dataset}
        network = next(iter(waiting.values())).embedded[dataset].experiment
        if {f"embed@{dataset}", f"train@{network}"} & stale:
            yield Job(
                key=f"embed {dataset}",
                name=f"embed {dataset}",
                work=partial(reproduce, [f"embed@{dataset}"], waiting),
                finished=never_finished,
                depends_on=frozenset(job.key for job in own if job.name.startswith(f"{network}/")),
                next_jobs=partial(plan_after_embedding, waiting, store),
                here=True,
            )
        else:
            yield from plan_after_embedding(waiting, store, stale)


def plan_after_embedding(
    experiments: Experiments, store: RunStore, stale: set[str]
) -> Iterator[Job]:
    """Yield the jobs of experiments on a network's vectors, once these are made."""
    for name, settings in experiments.items():
        yield from plan_experiment(name, settings, store, stale)


def plan_experiment(name: str, settings: Config, store: RunStore, stale: set[str]) -> Iterator[Job]:
    """Yield a job for each run of an experiment, and for the evaluation of each variant.

    If DVC would only evaluate the experiment, the trained files in the workspace are evaluated.
    """
    if f"train@{name}" in stale:
        planned = plan(settings, name)
        for run in planned:
            yield training_job(run, settings.runtime, store)
        for _, same in groupby(planned, key=lambda run: run.variant.variant):
            of_seeds = [*same]
            trained = partial(Trained.in_store, of_seeds, RunStore(store.folder.resolve()))
            after = frozenset(run.fingerprint for run in of_seeds)
            yield evaluation_job(of_seeds[0].variant, settings, store, trained, after)
    elif f"evaluate@{name}" in stale:
        for variant in settings.variants(name):
            trained = partial(Trained.in_workspace, variant, settings.results)
            yield evaluation_job(variant, settings, store, trained)


def training_job(run: Run, runtime: Runtime, store: RunStore) -> Job:
    """Return the job that trains a run."""
    return Job(
        key=run.fingerprint,
        name=str(run),
        work=Training(run, runtime, store.folder.resolve()),
        finished=partial(store.finished, run.fingerprint),
        progress=partial(training_progress, run, store),
        next_jobs=partial(after_training, run, store),
        away=True,
    )


def training_progress(run: Run, store: RunStore) -> float:
    """Return how many of its epochs a run has finished, from 0 to 1."""
    try:
        lines = (store.place(run.fingerprint) / runs.HISTORY).read_bytes().count(b"\n")
    except OSError:
        return 0.0
    return max(0, lines - 1) / run.variant.training.epochs


def after_training(run: Run, store: RunStore, trained: bool | None) -> Iterable[Job]:
    """Report what a run that was trained now found in its gradients; no jobs follow."""
    if trained:
        note_findings(run, store)
    return ()


def evaluation_job(
    variant: Variant,
    settings: Config,
    store: RunStore,
    trained: Callable[[], Trained],
    depends_on: frozenset[str] = frozenset(),
) -> Job:
    """Return the job that evaluates a variant, after its runs."""
    return Job(
        key=f"{settings.pipeline}: {variant.name}",
        name=f"evaluate {variant.name}",
        work=partial(evaluate, variant, settings, store.folder.resolve(), trained),
        finished=partial(is_evaluated, variant, settings, store, trained),
        depends_on=depends_on,
    )


def evaluate(
    variant: Variant, settings: Config, folder: Path, trained: Callable[[], Trained]
) -> None:
    """Evaluate a variant in this process."""
    evaluate_into_store(variant, settings, trained(), RunStore(folder))


def is_evaluated(
    variant: Variant, settings: Config, store: RunStore, trained: Callable[[], Trained]
) -> bool:
    """Return whether the store has the evaluation of these trained files."""
    return store.finished(fingerprint(variant, settings, trained()))


def never_finished() -> bool:
    """Return False: DVC decides whether the job's stages have anything to do."""
    return False


def find_stale_stages(experiments: Experiments, *options: str) -> set[str]:
    """Return the stages that DVC would run, of those that train or evaluate these experiments."""
    if not experiments:
        return set()
    stages = [
        stage_of(verb, name, settings)
        for name, settings in experiments.items()
        for verb in ("train", "evaluate")
    ]
    settings = next(iter(experiments.values()))
    used = {settings.experiments[name].dataset for name, settings in experiments.items()}
    stages += [f"embed@{dataset}" for dataset in settings.embedded if dataset in used]
    return stale_among(*options, *stages)


def stale_among(*arguments: str) -> set[str]:
    """Return the stages that DVC would run, of those that `dvc status` is asked for."""
    command = ["dvc", "--wait-for-lock", "status", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PipelineError(
            done.stderr.strip(), where="dvc status", remedy="Fix it and run this again."
        )
    return {stage.rpartition(":")[2] for stage in json.loads(done.stdout)}


def stage_of(verb: str, experiment: str, settings: Config) -> str:
    """Return the DVC stage that trains or evaluates an experiment."""
    folder = "beyond/dvc.yaml:" if settings.pipeline == "beyond" else ""
    return f"{folder}{verb}@{experiment}"


def reproduce(stages: Sequence[str], experiments: Experiments) -> set[str]:
    """Reproduce stages and what they depend on; return the stages of `experiments` left to run."""
    run_stages(stages)
    return find_stale_stages(experiments)


def run_stages(stages: Sequence[str]) -> None:
    """Reproduce stages and what they depend on."""
    command = ["dvc", "--wait-for-lock", "repro", *stages]
    if code := subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        raise PipelineError(
            f"`{' '.join(command)}` failed (status {code}); the reason is above.",
            where=stages[0],
            remedy="Fix it and run this again: finished stages and runs are kept.",
        )


def load_durations() -> DurationOf:
    """Return a function from a job's name to the seconds that it took when last measured."""
    took: dict[str, float] = {}
    if paths.SECONDS.is_file():
        with paths.SECONDS.open(encoding="utf-8", newline="") as file:
            took = {row["job"]: float(row["seconds"]) for row in csv.DictReader(file)}
    return lambda name: took.get(name)
