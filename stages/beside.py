"""A clone of this project in .dvc/tmp, where something runs while the workspace stays as it is.

It has the workspace's changes and shares its cache. What an earlier run of it finished is kept.
"""

import shutil
import subprocess
from collections.abc import Mapping
from functools import reduce
from operator import getitem
from pathlib import Path

from ruamel.yaml import YAML

from stages.common import paths
from stages.common.errors import PipelineError

PLACE = Path(".dvc/tmp")
LOCAL = Path(".dvc/config.local")
FINISHED = ("data", "dvc.lock", ".checkpoints", ".runs")


def clone(name: str) -> Path:
    """A fresh one, with what the last of that name had finished."""
    folder, fresh = PLACE / name, PLACE / f"{name}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    PLACE.mkdir(parents=True, exist_ok=True)
    output("git", "clone", "--quiet", "--shared", ".", str(fresh))
    changed = output("git", "diff", "-z", "--name-only", "HEAD")
    new = output("git", "ls-files", "-z", "--others", "--exclude-standard", "stages")
    local = f"{LOCAL}\0" if LOCAL.exists() else ""
    for path in filter(None, f"{changed}{new}{local}".split("\0")):
        copy(Path(path), fresh / path)
    cache = output("dvc", "cache", "dir").strip()
    output("dvc", "cache", "dir", "--local", cache, folder=fresh)
    for part in FINISHED:
        if (folder / part).exists():
            (fresh / part).unlink(missing_ok=True)
            (folder / part).rename(fresh / part)
    shutil.rmtree(folder, ignore_errors=True)
    return fresh.rename(folder)


def copy(source: Path, target: Path) -> None:
    """The file as it is in the workspace, or its absence."""
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    else:
        target.unlink(missing_ok=True)


def change(folder: Path, changes: Mapping[str, object]) -> None:
    """Set values of params.yaml, named as `corpora.names.url`; None takes an entry out."""
    path, yaml = folder / paths.PARAMS, YAML()
    values = yaml.load(path.read_text(encoding="utf-8"))
    for place, value in changes.items():
        *parents, last = place.split(".")
        section = reduce(getitem, parents, values)
        if value is None:
            del section[last]
        else:
            section[last] = value
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(values, file)


def save(folder: Path, name: str) -> None:
    """What a clone has made, as an experiment of this project, in place of an earlier one."""
    # Of one stage: all of them are in the cache by now, and to look again takes minutes.
    made = [f"--include-untracked={part}" for part in ("stages", paths.METRICS)]
    output("dvc", "exp", "save", "--name", name, *made, "report", folder=folder)
    subprocess.run(["dvc", "exp", "remove", name], check=False, capture_output=True)
    output("git", "fetch", "--quiet", str(folder), "+refs/exps/*:refs/exps/*")


def measured(folder: Path) -> list[Path]:
    """The files under metrics/ that the stages of a clone have written, as its dvc.lock says."""
    lock = YAML(typ="safe").load((folder / "dvc.lock").read_text(encoding="utf-8"))
    found: set[Path] = set()
    for stage in lock["stages"].values():
        for made in stage.get("outs", ()):
            place = folder / made["path"]
            if Path(made["path"]).is_relative_to(paths.METRICS):
                found |= {file for file in (place, *place.rglob("*")) if file.is_file()}
    return sorted(file.relative_to(folder) for file in found)


def output(*command: str, folder: Path | None = None) -> str:
    """What a command that must succeed prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PipelineError(
            f"failed: {done.stderr.strip() or done.stdout.strip()}",
            where=" ".join(command),
            remedy="Mend what it says and run it again: what was finished is kept.",
        )
    return done.stdout
