"""The same pipeline on the lectures' own corpora, beside the workspace, into metrics/upstream/.

Not a stage: it runs `dvc exp run --temp` with `source=upstream`, so that params.yaml, dvc.lock
and data/ of the workspace stay as they are. A corpus that cannot be had is replaced by its
stand-in or left out, and the table says so. `dvc exp apply upstream` takes the result over.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

from stages.common import cli, params, paths
from stages.common.alone import alone
from stages.common.errors import PipelineError
from stages.common.params import Corpus, Params, Published
from stages.corpora.contract import load
from stages.corpora.fetch import MIRROR_VARIABLE, Pin, fetch, file_name, published
from stages.corpora.transfer import Unavailable
from stages.records.recorder import tracking_uri

NAME = "upstream"
SHELF = Path(".corpora")  # what was fetched: the mirror of the experiment, and of later ones
LOCK = Path(".dvc/tmp/replicate.lock")
LEFT_OUT = ("samples",)  # names of real people stay out of git


def main() -> None:
    """Run the experiment and put its figures into metrics/upstream/."""
    with alone("make replicate", LOCK):
        replicate(params.load())


def replicate(settings: Params) -> None:
    """Fetch what can be had, run every stage on it, and take its metrics over."""
    overrides = [f"source={NAME}", "runtime.reproducible=fast"]  # its bytes are in no dvc.lock
    for key, corpus in settings.corpora.items():
        overrides += obtain(key, corpus, settings)
    left_out = {name.removeprefix("~experiments.") for name in overrides if name[0] == "~"}
    if left_out >= settings.experiments.keys():
        raise PipelineError(
            "no corpus of any experiment could be had; what was tried stands above.",
            where="make replicate",
            remedy=f"Connect to the network, or set {MIRROR_VARIABLE} to a folder that has them.",
        )
    overrides += without(left_out, settings)
    environment = {
        **os.environ,
        MIRROR_VARIABLE: str(SHELF.resolve()),
        paths.CHECKPOINTS_VARIABLE: str((paths.CHECKPOINTS / NAME).resolve()),
        "MLFLOW_TRACKING_URI": absolute(tracking_uri()),
    }
    options = [part for override in overrides for part in ("--set-param", override)]
    # The last one makes room. `exp run --force` would too, but it also forgets finished stages.
    subprocess.run(["dvc", "exp", "remove", "--quiet", NAME], check=False, capture_output=True)
    command = ["dvc", "exp", "run", "--temp", "--name", NAME, *options]
    if subprocess.run(command, env=environment, check=False).returncode:
        raise PipelineError(
            "the experiment did not finish; what stopped it stands above.",
            where="make replicate",
            remedy="Run it again when that is mended: finished stages and epochs are kept.",
        )
    target = paths.METRICS / NAME
    unpack(target)
    cli.note(f"metrics of the lectures' corpora: {target / 'replication.md'}")
    cli.note("take over its models: dvc exp apply upstream; compare: dvc exp diff upstream")


def obtain(key: str, corpus: Corpus, settings: Params) -> list[str]:
    """Fetch a corpus onto the shelf; the overrides that its experiments need."""
    if corpus.url:
        return []  # the user's own file, whatever the source
    try:
        _shelve(corpus, published(key, corpus))
        return []
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
            pin = Pin.of_published(corpus.standin)
            # Quoted: DVC reads -S by a grammar in which bare values are ASCII words.
            return [f"corpora.{key}.url='{name}'", f"corpora.{key}.sha256='{pin.digest}'"]
    datasets = [name for name, dataset in settings.datasets.items() if dataset.corpus == key]
    embedded = [name for name, entry in settings.embedded.items() if entry.dataset in datasets]
    experiments = [
        name for name, e in settings.experiments.items() if e.dataset in (*datasets, *embedded)
    ]
    cli.note(f"corpus {key} is left out, and with it: {', '.join(experiments) or 'no experiment'}")
    return [
        f"~corpora.{key}",
        *(f"~datasets.{name}" for name in datasets),
        *(f"~embedded.{name}" for name in embedded),
        *(f"~experiments.{name}" for name in experiments),
    ]


def without(left_out: set[str], settings: Params) -> list[str]:
    """Overrides under which no probe asks for an experiment that is left out."""
    probes = settings.probes
    lists = {
        "experiments": probes.experiments,
        "entities": probes.entities,
        "clipped": probes.clipped,
    }
    return [
        f"probes.{key}=[{','.join(name for name in names if name not in left_out)}]"
        for key, names in lists.items()
        if left_out & {*names}
    ]


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


def unpack(target: Path) -> None:
    """The metrics of the finished experiment, from its commit into `target`."""
    refs = _git("for-each-ref", "--sort=-creatordate", "--format=%(refname)", "refs/exps").split()
    commit = next(ref for ref in refs if ref.endswith(f"/{NAME}"))
    archive = subprocess.run(
        ["git", "archive", commit, f"{paths.METRICS}/"], capture_output=True, check=True
    ).stdout
    shutil.rmtree(target, ignore_errors=True)
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        for member in tar.getmembers():
            inner = Path(member.name).relative_to(paths.METRICS)
            content = tar.extractfile(member) if member.isfile() else None
            if content and inner.parts[0] not in (NAME, *LEFT_OUT):
                (target / inner).parent.mkdir(parents=True, exist_ok=True)
                (target / inner).write_bytes(content.read())


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    if not Path(".git").exists():
        sys.exit("error: make replicate needs a git clone of this project")
    cli.run(main)
