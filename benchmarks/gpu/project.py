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

from benchmarks.gpu.options import Options, left
from recurrent.common import config, files, paths
from recurrent.common.config import Config, Corpus, Descent, Download, Runtime, Variant
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
# One of each kind of task, cell and corpus.
QUICK = (
    "names_gated/gru",
    "nietzsche_char3/lecture",
    "lyrics_gru_scratch/lecture",
    "lyrics_lstm/lecture",
    "sales_networks/embeddings",
)
QUICK_SIZES = {"names": 4_000, "prose": 12_000, "lyrics": 6_000}  # sales keep their size
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
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        mirror = Path(os.environ.get(MIRROR_VARIABLE, "")).absolute()
        settings = merged(options, own_corpora := MIRROR_VARIABLE in os.environ)
        with Path(paths.PARAMS).open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(settings.model_dump(mode="json"), file)
        chosen, left_out = choose(settings, options, wanted)
        sources: dict[str, str] = {}
        for key in dict.fromkeys(settings.datasets[one.dataset].corpus for one in chosen):
            corpus = settings.corpora[key]
            published = in_mirror(corpus, mirror) if own_corpora else None
            if own_corpora and published is None:
                left_out.append(f"Corpus {key} is not in {MIRROR_VARIABLE}: left out.")
                continue
            sources[key] = obtain(key, corpus, published)
            clean.main(key)
        chosen = [one for one in chosen if settings.datasets[one.dataset].corpus in sources]
        if not chosen:
            raise PipelineError("no corpus is available.", where=MIRROR_VARIABLE)
        digests = {}
        for dataset in dict.fromkeys(one.dataset for one in chosen):
            encode.main(dataset)
            digests[dataset] = data_digest(paths.encoded(dataset))
        of_variant = {
            one.name: fingerprints(one, options.runtime, digests[one.dataset]) for one in chosen
        }
        # All first seeds before the second ones: if the time is used, every row has a value.
        runs = [
            Run(one, seed, of_variant[one.name][seed])
            for seed in (SEEDS[:1] if options.quick else SEEDS[:seeds])
            for one in chosen
        ]
        yield Project(runs, settings, sources, left_out)


def merged(options: Options, own_corpora: bool) -> Config:
    """Return params.yaml with the epochs of params.upstream.yaml, and its sizes if they fit."""
    values = config.read_yaml(ROOT / paths.PARAMS)
    changes = config.read_yaml(ROOT / paths.UPSTREAM_PARAMS)
    if not own_corpora:  # the bundled corpora have their own sizes
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


def in_mirror(corpus: Corpus, mirror: Path) -> Download | None:
    """Return the lecture's file or its stand-in, if the folder has one of them."""
    published = (corpus.upstream, corpus.stand_in)
    return next((one for one in published if one and (mirror / file_name(one.url)).is_file()), None)


def obtain(key: str, corpus: Corpus, published: Download | None) -> str:
    """Write the raw file of a corpus; return its source."""
    module, folder = base.corpus(corpus.kind), paths.raw(key)
    folder.mkdir(parents=True)
    if published is None:
        source, name = "bundled", "generated"
        module.generate(folder, corpus.synthetic)
    else:
        source = "upstream" if published is corpus.upstream else "stand-in"
        name = file_name(published.url)
        fetch(published, folder / module.FILE)
        module.check(folder / module.FILE)
    files.write_json(folder / "origin.json", {"source": source, "name": name})
    return source


def default_jobs(runtime: Runtime) -> int:
    """Return how many runs the project trains in parallel."""
    return parallel.default_jobs(runtime)


class TimeIsUp(BaseException):
    """The time for training is used. It stops workers as Ctrl-C does: running runs finish."""


def train(
    runs: Sequence[Run], runtime: Runtime, jobs: int, store: RunStore, deadline: float
) -> list[str]:
    """Train the runs that the store lacks, until the deadline; return what went wrong."""

    def stop(*_: object) -> NoReturn:
        raise TimeIsUp

    faults: list[str] = []
    failed: set[str] = set()
    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(0.01, left(deadline)))
        while waiting := [one for one in unfinished(runs, store) if one.fingerprint not in failed]:
            try:
                parallel.fill(waiting, runtime, jobs, store)
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
    for fault in faults:
        note(f"warning: {fault}")
    return faults


def unfinished(runs: Sequence[Run], store: RunStore) -> list[Run]:
    """Return the runs that the store lacks."""
    return [run for run in runs if not store.finished(run.fingerprint)]
