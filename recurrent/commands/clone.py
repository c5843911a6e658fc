"""A clone of the project in .dvc/tmp: a pipeline runs there, and the workspace stays as it is.

The clone has the workspace's code and parameters and shares its cache. Finished work stays in it
from one run to the next.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from recurrent.commands.dvc_lock import LOCKS, locked_outputs
from recurrent.common.errors import PipelineError

PLACE = Path(".dvc/tmp")
DVC_LOCAL = Path(".dvc/config.local")
METRICS = Path("metrics")
CODE = ("recurrent", "stages", "beyond")  # folders whose untracked files the clone gets, too
IDENTITY = re.compile(r"(?P<name>.*) <(?P<email>.*)> ")  # in the output of `git var`


def update(name: str) -> Path:
    """Create the clone, or update it from the workspace. The outputs of its stages stay."""
    identity = IDENTITY.match(run("git", "var", "GIT_COMMITTER_IDENT"))  # `save` needs one
    folder, part = PLACE / name, PLACE / f"{name}.part"
    if not folder.exists():
        shutil.rmtree(part, ignore_errors=True)
        run("git", "clone", "--quiet", "--shared", "--no-checkout", ".", str(part))
        part.rename(folder)
    for key, value in identity.groupdict().items() if identity else ():
        git(folder, "config", f"user.{key}", value)
    git(folder, "fetch", "--quiet", str(Path.cwd()), "HEAD")
    git(folder, "reset", "--quiet", "FETCH_HEAD")
    made = [f":(exclude){path}" for path in (*LOCKS, *metric_outputs(folder))]
    git(folder, "checkout", "--quiet", "--force", "--", ".", *made)
    for path in new_files(folder, *CODE):  # left from an earlier state of the workspace
        (folder / path).unlink()
    written = (".", *(f":(exclude){path}" for path in (*LOCKS, METRICS)))  # files that people write
    changed = run("git", "diff", "--no-renames", "-z", "--name-only", "HEAD", "--", *written)
    for path in (*filter(None, changed.split("\0")), *new_files(Path(), *CODE)):
        copy(Path(path), folder / path)
    copy(DVC_LOCAL, folder / DVC_LOCAL)
    cache = Path(run("dvc", "cache", "dir").strip()).resolve()
    run("dvc", "cache", "dir", "--local", str(cache), folder=folder)
    return folder


def copy(source: Path, target: Path) -> None:
    """Copy a file, or remove the target if the workspace lacks the file."""
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    else:
        target.unlink(missing_ok=True)


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change values of a parameter file; keep its comments and order."""
    yaml = YAML()
    yaml.width, yaml.preserve_quotes = 10_000, True  # unchanged lines stay as they are
    yaml.indent(mapping=2, sequence=4, offset=2)
    values = yaml.load(path.read_text(encoding="utf-8"))
    change(values)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(values, file)


def save(folder: Path, name: str) -> None:
    """Save the clone's results as a DVC experiment of this project, replacing an earlier one."""
    for ref in git(folder, "for-each-ref", "--format=%(refname)", "refs/exps").split():
        git(folder, "update-ref", "-d", ref)
    new = [f"--include-untracked={path}" for path in new_files(folder, *CODE, METRICS)]
    # Name one stage only: all outputs are in the cache, and checking them again takes minutes.
    run("dvc", "exp", "save", "--name", name, *new, "report", folder=folder)
    listed = ("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}")
    earlier, saved = run("git", *listed).split(), git(folder, *listed).split()
    run("git", "fetch", "--quiet", str(folder), "+refs/exps/*:refs/exps/*")
    for ref in {*earlier} - {*saved}:  # same name on other commits: DVC could not tell them apart
        run("git", "update-ref", "-d", ref)


def metric_files(folder: Path) -> list[Path]:
    """Return the files below metrics/ that the stages of the clone have written."""
    found: set[Path] = set()
    for path in metric_outputs(folder):
        place = folder / path
        found |= {file for file in (place, *place.rglob("*")) if file.is_file()}
    return sorted(file.relative_to(folder) for file in found)


def metric_outputs(folder: Path) -> list[str]:
    """Return the outputs below metrics/ that the clone's lock files list."""
    return [
        out["path"] for out in locked_outputs(folder) if Path(out["path"]).is_relative_to(METRICS)
    ]


def new_files(folder: Path, *places: str | Path) -> list[str]:
    """Return untracked files that git does not ignore, except lock files: the clone has its own."""
    command = ("git", "ls-files", "-z", "--others", "--exclude-standard", "--", *map(str, places))
    return [name for name in run(*command, folder=folder).split("\0") if name not in ("", *LOCKS)]


def git(folder: Path, *arguments: str) -> str:
    """Run git in the clone. If its .git is damaged, plain git would change the workspace."""
    place = folder.resolve()
    return run(
        "git", f"--git-dir={place / '.git'}", f"--work-tree={place}", *arguments, folder=place
    )


def run(*command: str, folder: Path | None = None) -> str:
    """Run a command that must succeed; return its output."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PipelineError(
            f"failed: {done.stderr.strip() or done.stdout.strip()}",
            where=" ".join(command[:6]),
            remedy="Fix that and run the command again: finished work is kept.",
        )
    return done.stdout
