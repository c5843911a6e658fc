"""The jobs that fill the run store: train runs, evaluate variants, embed categories."""

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
from recurrent.training.schedule import Job, Seconds
from recurrent.training.store import RunStore

Experiments = Mapping[str, Config]  # the pipeline of each experiment, by its name


def jobs_of(experiments: Experiments, store: RunStore) -> Iterator[Job]:
    """Yield all jobs of these experiments. Those on a network's vectors follow its `embed`."""
    on_vectors: dict[str, dict[str, Config]] = {}  # by embedded dataset
    first: dict[str, Config] = {}
    for name, settings in experiments.items():
        dataset = settings.experiments[name].dataset
        waits = on_vectors.setdefault(dataset, {}) if dataset in settings.embedded else first
        waits[name] = settings
    own = [job for name, settings in first.items() for job in of_experiment(name, settings, store)]
    yield from own
    for dataset, waiting in on_vectors.items():
        network = next(iter(waiting.values())).embedded[dataset].experiment
        yield Job(
            key=f"embed {dataset}",
            name=f"embed {dataset}",
            work=partial(dvc, f"embed@{dataset}"),
            finished=never,
            after=frozenset(job.key for job in own if job.name.startswith(f"{network}/")),
            following=partial(of_changed, waiting, store),
        )


def of_changed(experiments: Experiments, store: RunStore) -> Iterator[Job]:
    """Yield the jobs of those experiments that have changed."""
    for name in changed(experiments):
        yield from of_experiment(name, experiments[name], store)


def of_experiment(name: str, settings: Config, store: RunStore) -> Iterator[Job]:
    """Yield a job for each run of an experiment, and for the evaluation of each variant."""
    planned = plan(settings, name)
    for run in planned:
        yield training(run, settings.runtime, store)
    for _, same in groupby(planned, key=lambda run: run.variant.variant):
        yield evaluation([*same], settings, store)


def training(run: Run, runtime: Runtime, store: RunStore) -> Job:
    """Return the job that trains a run."""
    return Job(
        key=run.fingerprint,
        name=str(run),
        work=partial(train, run, runtime, store.folder.resolve()),
        finished=partial(store.finished, run.fingerprint),
        share=partial(trained_share, run, store),
        following=partial(after_training, run, store),
    )


def train(run: Run, runtime: Runtime, folder: Path) -> None:
    """Train a run in this process."""
    from recurrent.training.worker import train_run

    train_run(run, runtime, RunStore(folder))


def trained_share(run: Run, store: RunStore) -> float:
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


def evaluation(of_seeds: Sequence[Run], settings: Config, store: RunStore) -> Job:
    """Return the job that evaluates a variant, given its runs."""
    variant = of_seeds[0].variant
    return Job(
        key=f"{settings.pipeline}: {variant.name}",
        name=f"evaluate {variant.name}",
        work=partial(evaluate, of_seeds, settings, store.folder.resolve()),
        finished=partial(is_evaluated, of_seeds, settings, store),
        after=frozenset(run.fingerprint for run in of_seeds),
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


def never() -> bool:
    """Return that DVC must decide whether there is anything to do."""
    return False


def changed(experiments: Experiments) -> list[str]:
    """Return the experiments whose train or evaluate stage DVC would run."""
    if not experiments:
        return []
    stages = [
        stage_of(verb, name, settings)
        for name, settings in experiments.items()
        for verb in ("train", "evaluate")
    ]
    command = ["dvc", "status", "--json", *stages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PipelineError(
            done.stderr.strip(), where="dvc status", remedy="Fix it and run this again."
        )
    found = {stage.partition("@")[2] for stage in json.loads(done.stdout)}
    return [name for name in experiments if name in found]


def stage_of(verb: str, experiment: str, settings: Config) -> str:
    """Return the DVC stage that trains or evaluates an experiment."""
    folder = "beyond/dvc.yaml:" if settings.pipeline == "beyond" else ""
    return f"{folder}{verb}@{experiment}"


def dvc(*stages: str) -> None:
    """Reproduce stages and what they depend on."""
    command = ["dvc", "repro", *stages]
    if code := subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        raise PipelineError(
            f"`{' '.join(command)}` failed (status {code}); the reason is above.",
            where=stages[0],
            remedy="Fix it and run this again: finished stages and runs are kept.",
        )


def expected() -> Seconds:
    """Return a function from a job's name to the seconds that it took when last measured."""
    took: dict[str, float] = {}
    if paths.SECONDS.is_file():
        with paths.SECONDS.open(encoding="utf-8", newline="") as file:
            took = {row["job"]: float(row["seconds"]) for row in csv.DictReader(file)}
    return lambda name: took.get(name)
