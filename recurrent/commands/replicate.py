"""The same pipeline on the lectures' own corpora, beside the workspace, into metrics/upstream/.

Not a stage: it runs `make repro` with `source: upstream` in a clone, so that params.yaml, dvc.lock
and data/ of the workspace stay as they are. A corpus that cannot be had is replaced by its
stand-in or left out, and the table says so. `dvc exp apply upstream` takes the result over.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from recurrent import config as params
from recurrent import console as cli
from recurrent import paths
from recurrent.commands import clone as beside
from recurrent.commands import repro
from recurrent.config import Corpus, Params, Published
from recurrent.data.corpora import load
from recurrent.data.fetch import MIRROR_VARIABLE, Pin, fetch, file_name, published
from recurrent.data.transfer import Unavailable
from recurrent.errors import PipelineError
from recurrent.locking import alone
from recurrent.tracking.recorder import tracking_uri

NAME = "upstream"
SHELF = Path(".corpora")  # what was fetched: the mirror of the clone, and of later ones
LOCK = Path(".dvc/tmp/replicate.lock")
LEFT_OUT = "samples"  # names of real people stay out of git
Changes = dict[str, object]  # of params.yaml; None takes an entry out


def main(
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trainings side by side; by itself, one a processor and eight at most."
        ),
    ] = None,
) -> None:
    """Reproduce it in the clone and put its figures into metrics/upstream/."""
    with alone("make replicate", LOCK):
        replicate(params.load(), jobs)


def replicate(settings: Params, jobs: int | None) -> None:
    """Fetch what can be had, run every stage on it, and take its metrics over."""
    changes: Changes = {
        "source": NAME,
        "runtime.reproducible": "fast",  # its bytes are in no lock
        "runtime.threads": 1,  # and a training a processor takes the least time for all of them
    }
    for key, corpus in settings.corpora.items():
        changes |= obtain(key, corpus, settings)
    left_out = {name for name in settings.experiments if f"experiments.{name}" in changes}
    if left_out == settings.experiments.keys():
        raise PipelineError(
            "no corpus of any experiment could be had; what was tried stands above.",
            where="make replicate",
            remedy=f"Connect to the network, or set {MIRROR_VARIABLE} to a folder that has them.",
        )
    running = beside.PLACE / NAME / repro.LOCK
    if running.parent.exists():
        with alone("the pipeline of an earlier make replicate", running):
            pass
    folder = beside.clone(NAME)
    beside.change(folder, changes | without(left_out, settings))
    if run(["--jobs", str(jobs)] if jobs else [], folder):
        raise PipelineError(
            "the pipeline did not finish; what stopped it stands above.",
            where="make replicate",
            remedy="Run it again when that is mended: finished stages and epochs are kept.",
        )
    target = paths.METRICS / NAME
    take_over(folder, target)
    beside.save(folder, NAME)
    cli.note(f"metrics of the lectures' corpora: {target / 'replication.md'}")
    cli.note("take over its models: dvc exp apply upstream; compare: dvc exp diff upstream")


def run(options: list[str], folder: Path) -> int:
    """`make repro` in the clone; its exit status."""
    environment = {
        **os.environ,
        MIRROR_VARIABLE: str(SHELF.resolve()),
        "MLFLOW_TRACKING_URI": absolute(tracking_uri()),
    }
    command = [sys.executable, "-m", "recurrent.commands.repro", "--no-summary", *options]
    with subprocess.Popen(command, cwd=folder, env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:  # it has heard of that, and is let end
            process.wait()
            raise


def obtain(key: str, corpus: Corpus, settings: Params) -> Changes:
    """Fetch a corpus onto the shelf; what its experiments need to be changed."""
    if corpus.url and corpus.sha256:  # the user's own file, whatever the source
        if Path(corpus.url).exists():
            return {f"corpora.{key}.url": str(Path(corpus.url).resolve())}
        _shelve(corpus, Published(url=corpus.url, sha256=corpus.sha256))
        return {}
    try:
        _shelve(corpus, published(key, corpus))
        return {}
    except Unavailable as fault:
        cli.note(f"warning: corpus {key}: {fault}")
    if corpus.standin:
        try:
            _shelve(corpus, corpus.standin)
        except Unavailable as fault:
            cli.note(f"warning: stand-in of {key}: {fault}")
        else:
            name = file_name(corpus.standin.url)
            cli.note(f"corpus {key}: {name} stands in, and is labelled so")
            digest = Pin.of_published(corpus.standin).digest
            return {f"corpora.{key}.url": name, f"corpora.{key}.sha256": digest}
    datasets = [name for name, dataset in settings.datasets.items() if dataset.corpus == key]
    embedded = [name for name, entry in settings.embedded.items() if entry.dataset in datasets]
    experiments = [
        name for name, e in settings.experiments.items() if e.dataset in (*datasets, *embedded)
    ]
    cli.note(f"corpus {key} is left out, and with it: {', '.join(experiments) or 'no experiment'}")
    return dict.fromkeys(
        [
            f"corpora.{key}",
            *(f"datasets.{name}" for name in datasets),
            *(f"embedded.{name}" for name in embedded),
            *(f"experiments.{name}" for name in experiments),
        ]
    )


def without(left_out: set[str], settings: Params) -> Changes:
    """Changes under which no probe asks for an experiment that is left out."""
    probes = settings.probes
    lists = {
        "experiments": probes.experiments,
        "entities": probes.entities,
        "clipped": probes.clipped,
    }
    return {
        f"probes.{key}": [name for name in names if name not in left_out]
        for key, names in lists.items()
        if left_out & {*names}
    }


def absolute(uri: str) -> str:
    """The tracking URI as seen from another folder."""
    scheme, _, path = uri.partition(":///")
    return f"{scheme}:///{Path(path).resolve()}" if scheme == "sqlite" else uri


def _shelve(corpus: Corpus, published: Published) -> None:
    """Fetch and check a file, unless the shelf has it."""
    target = SHELF / file_name(published.url)
    pin = Pin.of_published(published)
    if not (target.exists() and pin.of(target) == pin.digest):
        fetch(published.url, pin, target)
    load(corpus.module).check(target)


def take_over(folder: Path, target: Path) -> None:
    """The metrics of the clone into `target`, in place of what is there."""
    shutil.rmtree(target, ignore_errors=True)
    for file in beside.measured(folder):
        inner = file.relative_to(paths.METRICS)
        if inner.parts[0] != LEFT_OUT:
            (target / inner).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / file, target / inner)


if __name__ == "__main__":
    if not Path(".git").exists():
        sys.exit("error: make replicate needs a git clone of this project")
    cli.run(main)
