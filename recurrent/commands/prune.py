"""`recurrent prune`: remove what the parameter files no longer name.

`evaluate` depends on whole folders such as data/models. If the outputs of a removed experiment
stayed there, the hashes would differ from those of a fresh clone. DVC keeps a copy of each output
in its cache.
"""

import shutil
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from recurrent import config, paths
from recurrent.commands import clone
from recurrent.commands.lookup import pipelines
from recurrent.config import Config
from recurrent.console import note

FOLDERS = {"lectures": Path(), "beyond": Path("beyond")}  # with each pipeline's dvc.yaml


@dataclass
class Declared:
    """The stages and outputs that a pipeline's dvc.yaml declares for its parameters."""

    stages: set[str] = field(default_factory=set)  # as dvc.lock names them: train@names_gated
    outputs: set[Path] = field(default_factory=set)
    shared: set[Path] = field(default_factory=set)  # folders with an output for each key


def main() -> None:
    """Remove outputs, lock entries and runs that no parameter file names."""
    outputs()
    runs()


def outputs() -> None:
    """Remove outputs that no parameter file names, and their entries in dvc.lock."""
    found = {settings.pipeline: declared(settings) for settings in pipelines()}
    known = {output for one in found.values() for output in one.outputs}
    for pipeline, one in found.items():
        for path in stale_outputs(one, known):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            note(f"removed {path}: the parameter files do not name it")
        prune_lock(FOLDERS[pipeline] / "dvc.lock", one.stages)


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
            found.shared.add(Path(path).parent)
            found.outputs |= {Path(path.replace("${key}", key)) for key in keys}
    return found


def outputs_of(stage: dict[str, Any]) -> Iterator[str]:
    """Yield the paths that a stage of dvc.yaml writes. Each may have options."""
    for kind in ("outs", "metrics", "plots"):
        for out in stage.get(kind, ()):
            yield out if isinstance(out, str) else next(iter(out))


def stale_outputs(found: Declared, known: set[Path]) -> list[Path]:
    """Return files and folders among a pipeline's outputs that no stage declares."""
    return [
        path
        for folder in sorted(found.shared)
        if folder.exists()
        for path in sorted(folder.iterdir())
        if path.name != ".gitignore" and not any(out.is_relative_to(path) for out in known)
    ]


def prune_lock(lock: Path, stages: set[str]) -> None:
    """Remove the entries of other stages, so that the lock equals that of a fresh clone."""
    if not lock.exists():
        return
    stale = [*config.read_yaml(lock)["stages"].keys() - stages]
    if not stale:
        return
    yaml = YAML(pure=True)  # keeps the file's formatting, but takes seconds
    values = yaml.load(lock.read_text(encoding="utf-8"))
    for stage in stale:
        del values["stages"][stage]
    with lock.open("w", encoding="utf-8") as file:
        yaml.dump(values, file)
    note(f"removed from {lock}: {', '.join(sorted(stale))}")


def runs() -> None:
    """Remove runs that neither the parameter files nor those of `recurrent replicate` name."""
    from recurrent.training.store import RunStore

    found = []
    for folder in filter(Path.exists, (Path(), clone.PLACE / "upstream")):
        with chdir(folder):
            found.append(fingerprints())
    if not all(found):
        note("kept all stored runs: without encoded data, we cannot tell which are in use")
        return
    for folder in RunStore().prune(set().union(*found)):
        note(f"removed {folder}: no parameter file names this run")


def fingerprints() -> set[str]:
    """Return the fingerprints of all runs, or an empty set if some data are not encoded here."""
    from recurrent.training.fingerprint import plan

    every = [*pipelines()]
    experiments = [experiment for one in every for experiment in one.experiments.values()]
    if not all(paths.encoded(name).exists() for e in experiments for name in (e.dataset, e.also)):
        return set()
    return {run.fingerprint for settings in every for run in plan(settings)}
