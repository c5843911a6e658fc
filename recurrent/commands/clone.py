"""A clone of this project in .dvc/tmp, where something runs while the workspace stays as it is.

It has the workspace's code and parameters, shares its cache, and keeps what it has finished.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import reduce
from operator import getitem
from pathlib import Path

from ruamel.yaml import YAML

from recurrent import paths
from recurrent.errors import PipelineError

PLACE = Path(".dvc/tmp")
LOCAL = Path(".dvc/config.local")
LOCK = "dvc.lock"
OURS = (".", f":(exclude){LOCK}", f":(exclude){paths.METRICS}")  # what somebody wrote
IDENTITY = re.compile(r"(?P<name>.*) <(?P<email>.*)> ")  # as `git var` says it


def clone(name: str) -> Path:
    """Its folder, brought up to the workspace: what the stages made there stays."""
    who = IDENTITY.match(output("git", "var", "GIT_COMMITTER_IDENT"))  # `save` needs one
    folder, part = PLACE / name, PLACE / f"{name}.part"
    if not folder.exists():
        shutil.rmtree(part, ignore_errors=True)
        output("git", "clone", "--quiet", "--shared", "--no-checkout", ".", str(part))
        part.rename(folder)
    for key, value in who.groupdict().items() if who else ():
        git(folder, "config", f"user.{key}", value)
    git(folder, "fetch", "--quiet", str(Path.cwd()), "HEAD")
    git(folder, "reset", "--quiet", "FETCH_HEAD")
    made = [f":(exclude){path}" for path in (LOCK, *outputs(folder))]
    git(folder, "checkout", "--quiet", "--force", "--", ".", *made)
    for path in new(folder, "stages"):  # of a workspace that has changed since
        (folder / path).unlink()
    changed = output("git", "diff", "--no-renames", "-z", "--name-only", "HEAD", "--", *OURS)
    for path in (*filter(None, changed.split("\0")), *new(Path(), "stages")):
        copy(Path(path), folder / path)
    copy(LOCAL, folder / LOCAL)
    cache = Path(output("dvc", "cache", "dir").strip()).resolve()
    output("dvc", "cache", "dir", "--local", str(cache), folder=folder)
    return folder


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
    for ref in git(folder, "for-each-ref", "--format=%(refname)", "refs/exps").split():
        git(folder, "update-ref", "-d", ref)
    untracked = [f"--include-untracked={path}" for path in new(folder, "stages", paths.METRICS)]
    # Of one stage: all of them are in the cache by now, and to look again takes minutes.
    output("dvc", "exp", "save", "--name", name, *untracked, "report", folder=folder)
    listed = ("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}")
    earlier, saved = output("git", *listed).split(), git(folder, *listed).split()
    output("git", "fetch", "--quiet", str(folder), "+refs/exps/*:refs/exps/*")
    for ref in {*earlier} - {*saved}:  # of other commits: by its name DVC would not know which
        output("git", "update-ref", "-d", ref)


def measured(folder: Path) -> list[Path]:
    """The files under metrics/ that the stages of a clone have written."""
    found: set[Path] = set()
    for path in outputs(folder):
        place = folder / path
        found |= {file for file in (place, *place.rglob("*")) if file.is_file()}
    return sorted(file.relative_to(folder) for file in found)


def outputs(folder: Path) -> list[str]:
    """What its dvc.lock says that they write there."""
    lock = folder / LOCK
    stages = YAML(typ="safe").load(lock.read_text(encoding="utf-8")) if lock.exists() else {}
    outs = (
        out["path"] for stage in stages.get("stages", {}).values() for out in stage.get("outs", ())
    )
    return [path for path in outs if Path(path).is_relative_to(paths.METRICS)]


def new(folder: Path, *places: str | Path) -> list[str]:
    """Files that git neither knows nor is to ignore."""
    command = ("git", "ls-files", "-z", "--others", "--exclude-standard", "--", *map(str, places))
    return [*filter(None, output(*command, folder=folder).split("\0"))]


def git(folder: Path, *arguments: str) -> str:
    """git in the clone and nowhere else: were its .git damaged, git would take the workspace's."""
    place = folder.resolve()
    return output(
        "git", f"--git-dir={place / '.git'}", f"--work-tree={place}", *arguments, folder=place
    )


def output(*command: str, folder: Path | None = None) -> str:
    """What a command that must succeed prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PipelineError(
            f"failed: {done.stderr.strip() or done.stdout.strip()}",
            where=" ".join(command[:6]),
            remedy="Mend what it says and run it again: what was finished is kept.",
        )
    return done.stdout
