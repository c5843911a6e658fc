"""`recurrent replicate`: run the pipeline on the lectures' own corpora.

It runs `recurrent repro` in a clone, whose params.yaml has params.upstream.yaml merged into it, so
the workspace stays as it is; results go to metrics/upstream. If a corpus is unavailable, the run
says so, uses a stand-in where one exists, and labels its results. `dvc exp apply upstream` brings
everything into the workspace.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from recurrent.commands import clone
from recurrent.commands.dvc_lock import LOCKS
from recurrent.commands.lookup import pipelines
from recurrent.common import config, files, locking, paths
from recurrent.common.config import Config, Corpus, Download
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.common.locking import locked
from recurrent.data import base
from recurrent.data.fetch import MIRROR_VARIABLE, Unavailable, fetch, file_name, upstream
from recurrent.training.store import checksum

NAME = "upstream"
TARGET = paths.UPSTREAM_METRICS
DOWNLOADS = Path(".corpora")  # downloaded files: the mirror of this clone and of later ones
# Sections of params.yaml with names as keys.
NAMED_SECTIONS = ("corpora", "datasets", "embedded", "experiments", "studies")


@dataclass
class Obtained:
    """Which corpora the clone reads from other files, and which ones are unavailable."""

    own: dict[str, Download] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)


def main(jobs: int | None = None, own: Mapping[str, Path] | None = None) -> None:
    """Reproduce everything in the clone, and copy its metrics to metrics/upstream."""
    if not Path(".git").exists():
        raise PipelineError("this needs a git clone of the project.", where="recurrent replicate")
    with locked("recurrent replicate", locking.REPLICATE):
        replicate(jobs, own or {})


def replicate(jobs: int | None, own: Mapping[str, Path]) -> None:
    """Obtain the corpora, run every stage on them, and copy the metrics."""
    settings, *_ = pipelines()
    changes = overlay()
    obtained = Obtained(own=own_files(settings, own))
    for key, corpus in settings.corpora.items():
        if key not in obtained.own:
            obtain(key, corpus, obtained)
    if settings.corpora.keys() <= obtained.missing:
        raise PipelineError(
            "every corpus is unavailable; the reasons are above.",
            where="recurrent replicate",
            remedy=f"Connect to the network, or set {MIRROR_VARIABLE} to a folder with the files.",
        )
    running = clone.PLACE / NAME / locking.REPRO
    if running.parent.exists():
        with locked("the pipeline of an earlier `recurrent replicate`", running):
            pass
    folder = clone.update(NAME)
    commit = describe_commit()
    change_params(folder, settings, obtained, changes)
    config.load(folder=folder)
    if run(["--jobs", str(jobs)] if jobs else [], folder):
        raise PipelineError(
            "the pipeline did not finish; the reason is above.",
            where="recurrent replicate",
            remedy="Fix that and run it again: finished stages and runs are kept.",
        )
    copy_metrics(folder, commit)
    clone.save(folder, NAME)
    note(f"results on the lectures' corpora: {TARGET / 'report.html'}")
    note("to use these models: dvc exp apply upstream; to compare: dvc exp diff upstream")


def own_files(settings: Config, own: Mapping[str, Path]) -> dict[str, Download]:
    """Check the user's own files; return them by corpus."""
    found = {}
    for key, path in own.items():
        corpus = config.choose(settings.corpora, key, "corpus")
        if not path.is_file():
            raise PipelineError("there is no such file.", where=f"--corpus {key}={path}")
        base.corpus(corpus.kind).check(path)
        found[key] = Download(url=str(path.resolve()), sha256=checksum(path))
    return found


def obtain(key: str, corpus: Corpus, obtained: Obtained) -> None:
    """Download a corpus or its stand-in, or note that it is missing."""
    if corpus.own:
        local = Path(corpus.own.url)
        if local.exists():  # the clone has another folder
            obtained.own[key] = corpus.own.model_copy(update={"url": str(local.resolve())})
        else:
            download(corpus, corpus.own)
        return
    try:
        download(corpus, upstream(key, corpus))
        return
    except PipelineError as fault:
        if not (corpus.stand_in or isinstance(fault, Unavailable)):
            raise  # not the pinned file, and there is no stand-in
        note(f"warning: corpus {key}: {fault}")
    if corpus.stand_in:
        try:
            download(corpus, corpus.stand_in)
        except Unavailable as fault:
            note(f"warning: stand-in of {key}: {fault}")
        else:
            name = file_name(corpus.stand_in.url)
            note(f"corpus {key}: using the stand-in {name}; its results are labelled")
            obtained.own[key] = corpus.stand_in.model_copy(update={"url": name})
            return
    note(f"corpus {key} is left out, with its datasets and the experiments on them")
    obtained.missing.add(key)


def download(corpus: Corpus, wanted: Download) -> None:
    """Download and verify a file, unless it was downloaded before."""
    target = DOWNLOADS / file_name(wanted.url)
    fetch(wanted, target)
    base.corpus(corpus.kind).check(target)


def overlay() -> Mapping[str, Any]:
    """Return the changes of params.upstream.yaml. Refuse those that do not fit params.yaml."""
    file = paths.UPSTREAM_PARAMS
    changes = (config.read_yaml(file) if file.exists() else None) or {}
    values = config.read_yaml(paths.PARAMS)
    refuse_unknown_names(values, changes)
    config.checked(Config, config.merge(values, changes), str(file))
    return changes


def change_params(
    folder: Path, settings: Config, obtained: Obtained, changes: Mapping[str, Any]
) -> None:
    """Adapt the parameter files of the clone to the lectures' own corpora."""

    def change(values: Any) -> None:
        merge_into(values, changes)
        values["source"] = "upstream"
        for key, download in obtained.own.items():
            values["corpora"][key]["own"] = download.model_dump()
        leave_out(values, obtained.missing, gone)

    gone = {name for name, one in settings.datasets.items() if one.corpus in obtained.missing}
    gone |= {name for name, one in settings.embedded.items() if one.dataset in gone}
    clone.edit(folder / paths.PARAMS, change)
    if paths.BEYOND_PARAMS.exists():  # not run here, but it must be valid
        clone.edit(folder / paths.BEYOND_PARAMS, lambda values: leave_out(values, set(), gone))


def refuse_unknown_names(values: Mapping[str, Any], changes: Any) -> None:
    """Refuse new entries: a misspelt name would change nothing. `config` checks the rest."""
    experiments = entries(values, "experiments")
    maps = {name: (entries(values, name), entries(changes, name)) for name in NAMED_SECTIONS}
    for name, change in entries(changes, "experiments").items():
        of_variants = entries(experiments.get(name), "variants"), entries(change, "variants")
        maps[f"experiments.{name}.variants"] = of_variants
    for place, (known, changed) in maps.items():
        for key in map(str, changed.keys() - known.keys()):
            raise PipelineError(
                f"{place}.{key} is not in {paths.PARAMS}{config.hint(key, known)}.",
                where=str(paths.UPSTREAM_PARAMS),
                remedy="Correct or remove it.",
            )


def entries(values: Any, name: str) -> Mapping[str, Any]:
    """Return a section of a map, or no entries if it is malformed."""
    section = values.get(name) if isinstance(values, Mapping) else None
    return section if isinstance(section, Mapping) else {}


def merge_into(values: Any, changes: Mapping[str, Any]) -> None:
    """Merge nested maps as `config.merge` does, but in place, so that comments stay."""
    for key, change in changes.items():
        if isinstance(change, Mapping) and isinstance(values.get(key), Mapping):
            merge_into(values[key], change)
        else:
            values[key] = change


def leave_out(values: Any, corpora: set[str], datasets: set[str]) -> None:
    """Remove corpora and datasets, and the experiments that need them."""
    experiments = {
        name
        for name, one in values["experiments"].items()
        if {one["dataset"], one["also"]} & datasets
    }
    sections = {"corpora": corpora, "datasets": datasets, "embedded": datasets}
    for section, names in {**sections, "experiments": experiments}.items():
        for name in names & values.get(section, {}).keys():
            del values[section][name]
        if section in values and not values[section]:
            values[section] = {}
            values.ca.items.pop(section, None)  # ruamel would write {} below the comment
    champions = values.get("champions", {})
    for name in [*champions]:
        champions[name]["datasets"] = [
            one for one in champions[name]["datasets"] if one not in datasets
        ]
        if not champions[name]["datasets"]:
            del champions[name]
    examined = values.get("examined", {})
    for kind in {"gradient_flow", "embeddings", "clipping"} & examined.keys():
        kept = [name for name in examined[kind] if name.split("/")[0] not in experiments]
        examined[kind] = kept


def run(options: list[str], folder: Path) -> int:
    """Run `recurrent repro` in the clone; return its exit status."""
    environment = {**os.environ, MIRROR_VARIABLE: str(DOWNLOADS.resolve())}
    command = [sys.executable, "-m", "recurrent", "repro", "--no-summary", *options]
    with subprocess.Popen(command, cwd=folder, env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the terminal interrupts the process, too: let it finish
            process.wait()
            raise


def copy_metrics(folder: Path, commit: Mapping[str, str]) -> None:
    """Replace metrics/upstream with the clone's metrics; record the commit that they come from."""
    shutil.rmtree(TARGET, ignore_errors=True)
    for file in clone.metric_files(folder):
        copied = TARGET / file.relative_to(clone.METRICS)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / file, copied)
    files.write_json(paths.REPLICATED, {"date": date.today().isoformat(), **commit})


def describe_commit() -> dict[str, str]:
    """Return the commit that the clone was made from, for pages that show its results later."""
    commit = clone.run("git", "rev-parse", "--short", "HEAD").strip()
    code = (".", *(f":(exclude){path}" for path in (*LOCKS, clone.METRICS)))
    changed = clone.run("git", "diff", "--name-only", "HEAD", "--", *code)
    changed += "".join(clone.new_files(Path(), *clone.CODE))
    return {"commit": f"{commit} with uncommitted changes" if changed else commit}
