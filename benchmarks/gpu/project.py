"""A temporary project with encoded corpora, and its runs. Needs no DVC, MLflow or jieba."""

import os
import signal
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML

from benchmarks.gpu.options import Options, seconds_left
from recurrent.commands import jobs
from recurrent.common import config, files, paths
from recurrent.common.config import Config, Corpus, Descent, Runtime, Variant
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.data import base
from recurrent.data.fetch import MIRROR_VARIABLE, fetch, file_name
from recurrent.training import parallel
from recurrent.training.fingerprint import Run, data_digest, fingerprints
from recurrent.training.store import RunStore
from stages import clean, encode
from tests.project import ROOT

SEEDS = (0, 1, 2)
# One of each kind of corpus, but for sales.
QUICK = (
    "names_gated/gru",
    "nietzsche_char3/lecture",
    "lyrics_lstm/lecture",
)
QUICK_SIZES = {"names": 4_000, "prose": 12_000, "lyrics": 6_000}
QUICK_RATE = 0.01


@dataclass(frozen=True)
class Project:
    """The runs of a project, and where its corpora come from."""

    runs: list[Run]
    settings: Config
    corpora: dict[str, str]  # bundled, upstream or stand-in
    left_out: list[str]  # sentences

    def source(self, variant: Variant) -> str:
        """Return the source of a variant's corpus."""
        return self.corpora[self.settings.datasets[variant.dataset].corpus]


@contextmanager
def project(options: Options, wanted: Collection[str] = (), seeds: int = 3) -> Iterator[Project]:
    """Enter a temporary project with every network of the lectures, or the wanted ones.

    It uses the lectures' own corpora if CORPORA_MIRROR names a folder with them, and leaves out
    those that the folder lacks. Otherwise it uses the bundled corpora.
    """
    named = os.environ.get(MIRROR_VARIABLE)
    mirror = Path(named).expanduser().absolute() if named else None
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        settings = merged(options, mirrored=mirror is not None)
        with Path(paths.PARAMS).open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(settings.model_dump(mode="json"), file)
        chosen, left_out = choose(settings, options, wanted)
        keys = dict.fromkeys(settings.datasets[one.dataset].corpus for one in chosen)
        corpora = {key: obtain(key, settings.corpora[key], mirror) for key in keys}
        sources = {key: source for key, source in corpora.items() if source}
        missing = [key for key in corpora if key not in sources]
        left_out += [f"Corpus {key} is not in {MIRROR_VARIABLE}: left out." for key in missing]
        chosen = [one for one in chosen if settings.datasets[one.dataset].corpus in sources]
        if not chosen:
            raise PipelineError("no corpus is available.", where=MIRROR_VARIABLE)
        for key in sources:
            clean.main(key)
        for dataset in dict.fromkeys(one.dataset for one in chosen):
            encode.main(dataset)
        runs = planned(chosen, options.runtime, SEEDS[:1] if options.quick else SEEDS[:seeds])
        yield Project(runs, settings, sources, left_out)


def planned(variants: Sequence[Variant], runtime: Runtime, seeds: Sequence[int]) -> list[Run]:
    """Return the runs, all first seeds first: if the time is used, every row has a value."""
    digests = {name: data_digest(paths.encoded(name)) for name in {one.dataset for one in variants}}
    found = [(one, fingerprints(one, runtime, digests[one.dataset])) for one in variants]
    return [Run(one, seed, of_seeds[seed]) for seed in seeds for one, of_seeds in found]


def merged(options: Options, mirrored: bool) -> Config:
    """Return params.yaml with the epochs of params.upstream.yaml, and its sizes if they fit."""
    values = config.read_yaml(ROOT / paths.PARAMS)
    changes = config.read_yaml(ROOT / paths.UPSTREAM_PARAMS)
    if not mirrored:  # the bundled corpora have their own sizes
        changes = {"experiments": changes["experiments"]}
    values = config.merge(values, changes) | {"runtime": options.runtime.model_dump()}
    if options.quick:
        for key, size in QUICK_SIZES.items():
            values["corpora"][key]["synthetic"]["size"] = size
    return config.checked(Config, values, str(paths.PARAMS))


def choose(
    settings: Config, options: Options, wanted: Collection[str]
) -> tuple[list[Variant], list[str]]:
    """Return the variants to train, and a sentence for each kind that is left out."""
    all_of_them = [one for one in settings.variants() if not wanted or one.name in wanted]
    networks = [one for one in all_of_them if isinstance(one.training, Descent)]
    encoded = [one for one in networks if one.dataset in settings.datasets]
    chosen = [one for one in encoded if settings.datasets[one.dataset].kind != "words"]
    left_out = []
    for before, after, why in (
        (all_of_them, networks, "with `method: fit`, which train on the CPU"),
        (networks, encoded, "on the vectors of another network"),
        (encoded, chosen, "on words, which need jieba"),
    ):
        if count := len(before) - len(after):
            left_out.append(f"{count} variants {why}: left out.")
    if options.quick:
        return [shortened(one) for one in chosen if one.name in QUICK], left_out
    return [one.model_copy(update={"seeds": SEEDS}) for one in chosen], left_out


def shortened(variant: Variant) -> Variant:
    """Return a variant with one epoch and one seed."""
    training: dict[str, Any] = {"epochs": 1}
    if isinstance(variant.training, Descent) and isinstance(variant.training.learning_rate, tuple):
        training["learning_rate"] = QUICK_RATE
    update = {"seeds": SEEDS[:1], "samples": None}
    return variant.model_copy(
        update={**update, "training": variant.training.model_copy(update=training)}
    )


def obtain(key: str, corpus: Corpus, mirror: Path | None) -> str:
    """Write the raw file of a corpus; return its source, or "" if the mirror lacks it."""
    module, folder = base.corpus(corpus.kind), paths.raw(key)
    if mirror is None:
        source, name = "bundled", "generated"
        folder.mkdir(parents=True)
        module.generate(folder, corpus.synthetic)
    else:
        published = {"upstream": corpus.upstream, "stand-in": corpus.stand_in}
        files_there = {
            source: one.model_copy(update={"url": str(mirror / file_name(one.url))})
            for source, one in published.items()
            if one and (mirror / file_name(one.url)).is_file()
        }
        if not files_there:
            return ""
        source, download = next(iter(files_there.items()))
        name = file_name(download.url)
        fetch(download, folder / module.FILE)
        module.check(folder / module.FILE)
    files.write_json(folder / "origin.json", {"source": source, "name": name})
    return source


class TimeIsUp(BaseException):
    """The time for training is used. It stops workers as Ctrl-C does: running runs finish."""


def train(
    runs: Sequence[Run], runtime: Runtime, workers: int, store: RunStore, deadline: float
) -> list[str]:
    """Train the runs that the store lacks, until the deadline; return what went wrong."""

    def stop(*_: object) -> NoReturn:
        raise TimeIsUp

    faults: list[str] = []
    failed: set[str] = set()
    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(0.01, seconds_left(deadline)))
        while waiting := [one for one in unfinished(runs, store) if one.fingerprint not in failed]:
            try:
                fill(waiting, runtime, workers, store)
            except Exception as fault:  # one diverging run must not stop the others
                faults.append(f"Failed: {' '.join(str(fault).split())}")
                started = [one for one in waiting if store.place(one.fingerprint).exists()]
                new = {one.fingerprint for one in unfinished(started, store)}
                if not new:
                    break
                failed |= new
    except TimeIsUp:
        faults.append(f"The time was used: {len(unfinished(runs, store))} runs are missing.")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    for line in faults:
        note(f"warning: {line}")
    return faults


def fill(runs: Sequence[Run], runtime: Runtime, workers: int, store: RunStore) -> None:
    """Train runs in parallel, as the project does."""
    training = [jobs.training_job(run, runtime, store) for run in runs]
    parallel.run_jobs(training, workers, jobs.load_durations())


def unfinished(runs: Sequence[Run], store: RunStore) -> list[Run]:
    """Return the runs that the store lacks."""
    return [run for run in runs if not store.finished(run.fingerprint)]
