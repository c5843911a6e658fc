"""`make bench-overhead`: what DVC, Python, PyTorch and MLflow cost beside the training itself."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from dvc.repo import Repo
from ruamel.yaml import YAML

from benchmarks import machine
from recurrent import console as cli
from recurrent import files
from recurrent.errors import PipelineError
from recurrent.tracking.live import FOLLOW_VARIABLE
from tests.project import ROOT, Project

OUT = ROOT / "metrics/bench"
TRAINING = "lyrics_unigram"  # it learns in milliseconds: all else is overhead
OTHERS = ("MLFLOW_", "RECURRENT_LECTURES_")
DESCENDS = "import torch; torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)"
WHAT = {
    "nothing": "`dvc repro`, nothing changed: a DAG of these edges alone",
    "reading": "the same, each stage with a key of params.yaml",
    "ours": "the same, this project",
    "single": "`dvc repro` of one stage, nothing changed",
    "trained": "one training that learns in milliseconds",
    "process": "the same without DVC",
    "followed": "and MLflow following it from the start",
    "imports": "`import torch` alone",
    "descends": "and an optimiser",
}
PAGE = """\
# What a run costs beside its arithmetic

{machine}. Medians of {repeats} runs, process start included, of a DAG of {stages:,} stages.
Written by `make bench-overhead`.

| what | seconds |
|---|--:|
{rows}

When nothing changed, `dvc repro` takes {times:.1f} times what DVC takes for as many stages with the
same edges and nothing else, and {with_params:.1f} times what it takes when each of them names a key
of params.yaml, which DVC reads anew for each. A training costs {stage:.1f} s beside what it learns:
{alone:.1f} s in its own process, most of it imports, and the rest in DVC, which among other things
writes all of dvc.lock ({lines:,} lines) after each stage. An optimiser loads PyTorch's compiler
besides: {descends:.1f} s more for every training that descends. MLflow follows what takes more than
five seconds, from a thread beside it; what it costs ({followed:.1f} s) is seen where it is made to
follow this one.
"""


def main(repeats: Annotated[int, typer.Option(help="Runs of each.")] = 5) -> None:
    """Time what changes nothing, and a training that takes no time; write overhead.csv and .md."""
    found: dict[str, float] = {}

    def measure(name: str, command: list[str], folder: Path, **environment: str) -> None:
        took = [
            machine.timed(lambda: run(command, folder, **environment))[0] for _ in range(repeats)
        ]
        found[name] = statistics.median(took)
        cli.note(f"{WHAT[name]}: {found[name]:.2f} s")

    with tempfile.TemporaryDirectory() as folder:
        nothing, reading, ours = (Path(folder) / name for name in ("nothing", "params", "ours"))
        dag = edges()
        like(dag, nothing, with_params=False)
        like(dag, reading, with_params=True)
        copied(ours)
        repro = ["dvc", "repro", "--quiet"]
        measure("nothing", repro, nothing)
        measure("reading", repro, reading)
        measure("ours", repro, ours)
        single = [*repro, "--single-item", f"train@{TRAINING}"]
        process = [sys.executable, "-m", "stages.train", TRAINING]
        measure("single", single, ours)
        measure("trained", [*single, "--force"], ours)
        measure("process", process, ours)
        measure("followed", process, ours, **{FOLLOW_VARIABLE: "0"})
        measure("imports", [sys.executable, "-c", "import torch"], ours)
        measure("descends", [sys.executable, "-c", DESCENDS], ours)
        lines = len((ours / "dvc.lock").read_text(encoding="utf-8").splitlines())
    write(found, len(dag), lines, repeats)


def run(command: list[str], folder: Path, **environment: str) -> None:
    """A command that must succeed, with nothing of this machine's own MLflow or checkpoints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PATH": path, **environment},
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise PipelineError(
            f"failed: {ended.stderr.strip() or ended.stdout.strip()}",
            where=" ".join(command),
            remedy="Measure what `make repro` has made and git has.",
        )


def edges() -> dict[str, list[str]]:
    """Every stage of the project, and the stages whose outputs it reads."""
    stages = Repo(str(ROOT)).index.stages
    made = {Path(out.fs_path): stage.addressing for stage in stages for out in stage.outs}
    return {
        stage.addressing: sorted(
            {
                maker
                for dep in stage.deps
                if (path := Path(dep.fs_path)) != ROOT / "params.yaml"
                for place, maker in made.items()
                if place.is_relative_to(path) or path.is_relative_to(place)
            }
        )
        for stage in stages
    }


def like(dag: dict[str, list[str]], folder: Path, *, with_params: bool) -> None:
    """A project of these edges whose stages write an empty file each, reproduced once."""
    folder.mkdir()
    keys = [*YAML(typ="safe").load(ROOT / "params.yaml")["experiments"]]
    stages: dict[str, Any] = {}
    for number, (name, read) in enumerate(dag.items()):
        stages[renamed(name)] = {
            "cmd": f"echo {number} > {renamed(name)}.out",
            "deps": [f"{renamed(other)}.out" for other in read],
            "outs": [f"{renamed(name)}.out"],
        }
        if with_params:
            stages[renamed(name)]["params"] = [f"experiments.{keys[number % len(keys)]}"]
    files.write_json(folder / "dvc.yaml", {"stages": stages})  # JSON is YAML
    Project.copied_to(folder)
    for command in (["git", "init", "--quiet"], ["dvc", "init", "--quiet"], ["dvc", "repro", "-q"]):
        run(command, folder)


def renamed(stage: str) -> str:
    """A stage's name as a name of a file and of a stage without `foreach`."""
    return stage.replace("@", "-")


def copied(folder: Path) -> None:
    """This project as git has it, with what DVC has of it."""
    run(["git", "clone", "--quiet", "--shared", str(ROOT), str(folder)], ROOT)
    for command in (
        ["dvc", "cache", "dir", "--local", str(ROOT / ".dvc/cache")],
        ["dvc", "checkout", "--quiet"],
        ["dvc", "repro", "--quiet"],
    ):
        run(command, folder)


def write(found: dict[str, float], stages: int, lines: int, repeats: int) -> None:
    """The table as it was measured, and as a page."""
    OUT.mkdir(parents=True, exist_ok=True)
    seconds = {WHAT[name]: found[name] for name in WHAT}
    table = pd.DataFrame({"what": seconds.keys(), "seconds": seconds.values()})
    table.to_csv(OUT / "overhead.csv", index=False, float_format="%.4g")
    page = PAGE.format(
        machine=machine.described(),
        repeats=repeats,
        stages=stages,
        rows="\n".join(f"| {what} | {took:.2f} |" for what, took in seconds.items()),
        times=found["ours"] / found["nothing"],
        with_params=found["ours"] / found["reading"],
        descends=found["descends"] - found["imports"],
        stage=found["trained"] - found["single"],
        alone=found["process"],
        followed=found["followed"] - found["process"],
        lines=lines,
    )
    (OUT / "overhead.md").write_text(page, encoding="utf-8")
    cli.note(f"written: {OUT / 'overhead.md'}")


if __name__ == "__main__":
    cli.run(main)
