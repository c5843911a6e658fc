"""The parallel jobs of `recurrent repro`: encode corpora, train runs, evaluate variants, embed."""

import csv
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

from recurrent.common import paths
from recurrent.common.config import Config, Runtime
from recurrent.common.errors import PipelineError
from recurrent.evaluation.stored import Trained, evaluate_into_store, fingerprint
from recurrent.training import store as runs
from recurrent.training.collect import note_findings
from recurrent.training.fingerprint import Run, plan
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
        datasets = datasets_of(those)
        stages = {f"download@{corpus}", f"clean@{corpus}", *(f"encode@{one}" for one in datasets)}
        if stages & stale:
            yield Job(
                key=f"data {corpus}",
                name=f"data {corpus}",
                work=partial(reproduce, *(f"encode@{one}" for one in datasets)),
                finished=unfinished,
                next_jobs=partial(plan_after_encoding, those, store),
            )
        else:
            yield from plan_stale(those, stale, store)


def datasets_of(experiments: Experiments) -> list[str]:
    """Return the datasets of these experiments that are encoded from a corpus."""
    found = []
    for name, settings in experiments.items():
        for dataset in (settings.experiments[name].dataset, settings.experiments[name].also):
            vectors = settings.embedded.get(dataset)
            found.append(vectors.dataset if vectors else dataset)
    return [*dict.fromkeys(found)]


def plan_after_encoding(experiments: Experiments, store: RunStore) -> Iterator[Job]:
    """Yield the jobs for those stages of these experiments that DVC would run."""
    yield from plan_stale(experiments, find_stale_stages(experiments), store)


def plan_stale(experiments: Experiments, stale: set[str], store: RunStore) -> Iterator[Job]:
    """Yield the jobs of stale experiments. Those on a network's vectors follow its `embed`."""
    names = {name for name in experiments if {f"train@{name}", f"evaluate@{name}"} & stale}
    datasets = {name: settings.experiments[name].dataset for name, settings in experiments.items()}
    vectors = {name: d for name, d in datasets.items() if d in experiments[name].embedded}
    own = [
        job
        for name, settings in experiments.items()
        if name in names and name not in vectors
        for job in plan_experiment(name, settings, store)
    ]
    yield from own
    for dataset in dict.fromkeys(vectors.values()):
        waiting = {name: experiments[name] for name in vectors if vectors[name] == dataset}
        network = next(iter(waiting.values())).embedded[dataset].experiment
        if not {network, *waiting} & names:
            continue
        yield Job(
            key=f"embed {dataset}",
            name=f"embed {dataset}",
            work=partial(reproduce, f"embed@{dataset}"),
            finished=unfinished,
            depends_on=frozenset(job.key for job in own if job.name.startswith(f"{network}/")),
            next_jobs=partial(plan_after_embedding, waiting, store),
        )


def plan_after_embedding(experiments: Experiments, store: RunStore) -> Iterator[Job]:
    """Yield the jobs of experiments on a network's vectors, once these are made."""
    stale = find_stale_stages(experiments)
    for name, settings in experiments.items():
        if {f"train@{name}", f"evaluate@{name}"} & stale:
            yield from plan_experiment(name, settings, store)


def plan_experiment(name: str, settings: Config, store: RunStore) -> Iterator[Job]:
    """Yield a job for each run of an experiment, and for the evaluation of each variant."""
    planned = plan(settings, name)
    for run in planned:
        yield training_job(run, settings.runtime, store)
    for _, same in groupby(planned, key=lambda run: run.variant.variant):
        yield evaluation_job([*same], settings, store)


def training_job(run: Run, runtime: Runtime, store: RunStore) -> Job:
    """Return the job that trains a run."""
    return Job(
        key=run.fingerprint,
        name=str(run),
        work=partial(train, run, runtime, store.folder.resolve()),
        finished=partial(store.finished, run.fingerprint),
        progress=partial(training_progress, run, store),
        next_jobs=partial(after_training, run, store),
    )


def train(run: Run, runtime: Runtime, folder: Path) -> None:
    """Train a run in this process."""
    from recurrent.training.worker import train_run

    train_run(run, runtime, RunStore(folder))


def training_progress(run: Run, store: RunStore) -> float:
    """Return how many of its epochs a run has finished, from 0 to 1."""
    try:
        lines = (store.place(run.fingerprint) / runs.HISTORY).read_bytes().count(b"\n")
    except OSError:
        return 0.0
    return max(0, lines - 1) / run.variant.training.epochs


def after_training(run: Run, store: RunStore) -> Iterable[Job]:
    """Report what a run found in its gradients; no jobs follow."""
    note_findings(run, store)
    return ()


def evaluation_job(of_seeds: Sequence[Run], settings: Config, store: RunStore) -> Job:
    """Return the job that evaluates a variant, given its runs."""
    variant = of_seeds[0].variant
    return Job(
        key=f"{settings.pipeline}: {variant.name}",
        name=f"evaluate {variant.name}",
        work=partial(evaluate, of_seeds, settings, store.folder.resolve()),
        finished=partial(is_evaluated, of_seeds, settings, store),
        depends_on=frozenset(run.fingerprint for run in of_seeds),
    )


def evaluate(of_seeds: Sequence[Run], settings: Config, folder: Path) -> None:
    """Evaluate a variant in this process."""
    store = RunStore(folder)
    variant = of_seeds[0].variant
    evaluate_into_store(variant, settings, Trained.in_store(of_seeds, store), store)


def is_evaluated(of_seeds: Sequence[Run], settings: Config, store: RunStore) -> bool:
    """Return whether a variant's runs are finished and evaluated."""
    if not all(store.finished(run.fingerprint) for run in of_seeds):
        return False
    trained = Trained.in_store(of_seeds, store)
    return store.finished(fingerprint(of_seeds[0].variant, settings, trained))


def unfinished() -> bool:
    """Return False: DVC decides whether the stage has anything to do."""
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
    command = ["dvc", "--wait-for-lock", "status", "--json", *options, *stages]
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


def reproduce(*stages: str) -> None:
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
