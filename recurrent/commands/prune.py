"""`recurrent prune`: remove what the parameter files no longer name.

`compare`, `examine` and `report` depend on whole folders such as data/models. If the outputs of a
removed experiment stayed there, the hashes would differ from those of a fresh clone. DVC keeps a
copy of each output in its cache.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from recurrent.commands import clone
from recurrent.commands.dvc_lock import read_stages
from recurrent.commands.lookup import pipelines, plan_if_encoded
from recurrent.common import config, files
from recurrent.common.config import Config
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.common.locking import REPLICATE, REPRO, locked
from recurrent.training.store import MANIFEST, WEIGHTS, RunStore

Name = tuple[str, str, int]  # experiment, variant, seed
FOLDERS = {"lectures": Path(), "beyond": Path("beyond")}  # with each pipeline's dvc.yaml


@dataclass
class Declared:
    """The stages and outputs that a pipeline's dvc.yaml declares for its parameters."""

    stages: set[str] = field(default_factory=set)  # as dvc.lock names them: train@names_gated
    outputs: set[Path] = field(default_factory=set)


@dataclass
class InUse:
    """The runs that parameter files name, by experiment, variant and seed."""

    names: set[Name] = field(default_factory=set)
    planned: defaultdict[Name, set[str]] = field(default_factory=lambda: defaultdict(set))
    unplanned: set[str] = field(default_factory=set)  # experiments whose data are not encoded


def main() -> None:
    """Remove outputs, lock entries and runs that no parameter file names."""
    # A clone that is being updated has, for a moment, the parameters of the workspace.
    with locked("recurrent replicate", REPLICATE), locked("recurrent repro", REPRO):
        prune_outputs()
        prune_runs()


def prune_outputs() -> None:
    """Remove outputs that no parameter file names, and their entries in dvc.lock.

    Only what dvc.lock lists as outputs is removed: other files in these folders are the user's.
    """
    found = {settings.pipeline: declared(settings) for settings in pipelines()}
    known = {output for one in found.values() for output in one.outputs}
    for pipeline, one in found.items():
        lock = FOLDERS[pipeline] / "dvc.lock"
        stale = {name: entry for name, entry in read_stages(lock).items() if name not in one.stages}
        for path in stale_outputs(stale.values(), known):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            note(f"removed {path}: the parameter files do not name it")
        if stale:
            prune_lock(lock, stale)


def declared(settings: Config) -> Declared:
    """Return every stage and output of a pipeline, for the keys of its parameter file."""
    found = Declared()
    pipeline = config.read_yaml(FOLDERS[settings.pipeline] / "dvc.yaml")
    for name, stage in pipeline["stages"].items():
        if "foreach" not in stage:
            found.stages.add(name)
            found.outputs |= {Path(path) for path in outputs_of(stage)}
            continue
        keys = [*getattr(settings, stage["foreach"].strip("${}"))]
        found.stages |= {f"{name}@{key}" for key in keys}
        for path in outputs_of(stage["do"]):
            found.outputs |= {Path(path.replace("${key}", key)) for key in keys}
    return found


def outputs_of(stage: dict[str, Any]) -> Iterator[str]:
    """Yield the paths that a stage of dvc.yaml writes. Each may have options."""
    for kind in ("outs", "metrics", "plots"):
        for out in stage.get(kind, ()):
            yield out if isinstance(out, str) else next(iter(out))


def stale_outputs(entries: Iterable[Any], known: set[Path]) -> list[Path]:
    """Return the existing outputs of these lock entries, except what a declared stage writes."""
    listed = {Path(out["path"]) for entry in entries for out in entry.get("outs") or ()}
    return [
        path
        for path in sorted(listed)
        if (path.exists() or path.is_symlink())
        and not any(out.is_relative_to(path) or path.is_relative_to(out) for out in known)
    ]


def prune_lock(lock: Path, stale: Iterable[str]) -> None:
    """Remove these entries, so that the lock equals that of a fresh clone."""
    yaml = YAML(pure=True)  # keeps the file's formatting, but takes seconds
    values = yaml.load(lock.read_text(encoding="utf-8"))
    for stage in stale:
        del values["stages"][stage]
    text = StringIO()
    yaml.dump(values, text)
    files.write_text(lock, text.getvalue())
    note(f"removed from {lock}: {', '.join(sorted(stale))}")


def prune_runs() -> None:
    """Remove runs from the store that no parameter file names, or that a newer run replaces.

    A run of other code, data or settings stays until its successor is finished. The parameter
    files are those of this folder and of the clone of `recurrent replicate`.
    """
    store = RunStore()
    for folder in store.set_aside():
        shutil.rmtree(folder)
        note(f"removed {folder}: it is damaged")
    found = InUse()
    for project in filter(Path.exists, (Path(), clone.PLACE / "upstream")):
        try:
            add_project(project, found)
        except PipelineError as fault:
            if project == Path():
                raise
            note(f"warning: kept all stored runs, since some may be those of {project}: {fault}")
            return
    if found.unplanned:
        names = ", ".join(sorted(found.unplanned))
        note(f"kept unfinished runs and those of {names}: not all data are encoded")
    about = {fingerprint: store.about(fingerprint) for fingerprint in store.entries()}
    evaluations = {key: one for key, one in about.items() if one and "weights" in one}
    for fingerprint in about.keys() - evaluations.keys():
        reason = why_stale(fingerprint, found, store)
        if reason and store.remove(fingerprint):
            note(f"removed run {fingerprint[:12]}: {reason}")
    for fingerprint in stale_evaluations(evaluations, store):
        store.remove(fingerprint)


def stale_evaluations(evaluations: Mapping[str, dict[str, Any]], store: RunStore) -> Iterator[str]:
    """Yield the evaluations of runs that the store lacks, and those that a newer one replaces."""
    others = store.entries()
    sums = (
        store.checksums(fingerprint) for fingerprint in others if fingerprint not in evaluations
    )
    weights = {found[WEIGHTS] for found in sums if found}
    newest: dict[tuple[str, ...], str] = {}
    for key in sorted(evaluations, key=lambda key: (store.place(key) / MANIFEST).stat().st_mtime):
        about = evaluations[key]
        name = (about["experiment"], about["variant"], *about["weights"])
        if not weights.issuperset(about["weights"]):
            yield key
        elif name in newest:
            yield newest[name]
        newest[name] = key


def add_project(folder: Path, found: InUse) -> None:
    """Add the runs that the parameter files in a folder name."""
    for settings in pipelines(folder):
        with chdir(folder):
            for experiment in settings.experiments:
                for one in settings.variants(experiment):
                    found.names |= {(experiment, one.variant, seed) for seed in one.seeds}
                planned = plan_if_encoded(settings, experiment)
                for run in planned:
                    name = (experiment, run.variant.variant, run.seed)
                    found.planned[name].add(run.fingerprint)
                if not planned:
                    found.unplanned.add(experiment)


def why_stale(fingerprint: str, found: InUse, store: RunStore) -> str | None:
    """Return why a run is not in use, or None if it is, or may be."""
    if any(fingerprint in fingerprints for fingerprints in found.planned.values()):
        return None
    about = store.about(fingerprint)
    if about is None:
        return None if found.unplanned else "it is unfinished, and no parameter file names it"
    name = (about["experiment"], about["variant"], about["seed"])
    if about["experiment"] in found.unplanned:
        return None  # its fingerprint may be the one that we cannot compute
    text = f"{name[0]}/{name[1]}, seed {name[2]}"
    if name not in found.names:
        return f"no parameter file names {text}"
    if any(store.finished(successor) for successor in found.planned[name]):
        return f"a newer run replaces it ({text})"
    return None
