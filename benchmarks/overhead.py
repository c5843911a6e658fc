"""`make bench-overhead`: what DVC, Python, PyTorch and MLflow cost besides training."""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from dvc.repo import Repo
from ruamel.yaml import YAML

from benchmarks import machine
from benchmarks.commands import run
from recurrent.common import console, files
from recurrent.training import store
from tests.project import ROOT, Project

OUT = ROOT / "metrics/bench"
EXPERIMENT = "lyrics_ngrams"  # it trains in milliseconds, so all else is overhead
REMEDY = "Run `make repro` and commit its results first; this measures a clone of them."
OPTIMIZER = "import torch; torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)"
WHAT = {
    "bare": "`dvc repro`, nothing changed, of a bare pipeline: these stages and dependencies only",
    "params": "the same, and each stage depends on a key of params.yaml",
    "ours": "`dvc repro`, nothing changed, of this project",
    "single": "`dvc repro --single-item` of one train stage, nothing changed",
    "collected": "the same stage, forced: its runs are in the run store",
    "trained": "the same stage, forced: its runs are trained",
    "process": "`python -m stages.train` alone: its runs are trained",
    "publish": "`recurrent publish` of these runs to a new MLflow store",
    "published": "`recurrent publish` again: nothing is missing",
    "torch": "`import torch`",
    "optimizer": "`import torch`, and make an optimiser",
}
PAGE = """\
# What a run costs besides training

{machine}.
Each number is the median of {repeats} runs and includes the start of the process. The pipeline has
{stages:,} stages; dvc.lock has {lines:,} lines. The train stage is `{experiment}`, which needs
milliseconds for its arithmetic. Written by `make bench-overhead`.

| what | seconds |
|---|--:|
{rows}

- **DVC.** When nothing changed, `dvc repro` takes {bare:.1f} times as long as for a bare pipeline
  with the same stages and dependencies, and {params:.1f} times as long as for a bare pipeline whose
  stages depend on a key of params.yaml each, since DVC parses that file for each stage.
- **A train stage** costs {stage:.1f} s besides its arithmetic if it trains, and {collected:.1f} s
  if it only copies finished runs from the run store. Without DVC it trains in {process:.1f} s, most
  of them to import PyTorch.
- **An optimiser** costs {optimizer:.1f} s more for each process, because it imports PyTorch's
  compiler. Long-lived workers pay this once.
- **MLflow** costs {publish:.1f} s for these runs at the end of the pipeline, and {published:.1f} s
  if nothing is missing.
"""


def main(repeats: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 5) -> None:
    """Time commands that compute almost nothing; write overhead.csv and overhead.md."""
    found: dict[str, float] = {}

    def measure(
        name: str, command: list[str], folder: Path, before: Callable[[], None] | None = None
    ) -> None:
        times = []
        for _ in range(repeats):
            if before is not None:
                before()
            times.append(machine.timed(lambda: run(command, folder, REMEDY))[0])
        found[name] = statistics.median(times)
        console.note(f"{WHAT[name]}: {found[name]:.2f} s")

    with tempfile.TemporaryDirectory() as folder:
        bare, params, ours = (Path(folder) / name for name in ("bare", "params", "ours"))
        stages = dependencies()
        make_bare(stages, bare, with_params=False)
        make_bare(stages, params, with_params=True)
        copy_project(ours)

        def forget_runs() -> None:
            shutil.rmtree(ours / ".dvc/cache" / store.FOLDER, ignore_errors=True)

        def forget_published() -> None:
            (ours / "mlflow.db").unlink(missing_ok=True)

        repro, python = ["dvc", "repro", "--quiet"], [sys.executable]
        single = [*repro, "--single-item", f"train@{EXPERIMENT}"]
        publish = [*python, "-m", "recurrent", "publish"]
        measure("bare", repro, bare)
        measure("params", repro, params)
        measure("ours", repro, ours)
        measure("single", single, ours)
        measure("trained", [*single, "--force"], ours, forget_runs)
        measure("collected", [*single, "--force"], ours)
        measure("process", [*python, "-m", "stages.train", EXPERIMENT], ours, forget_runs)
        measure("publish", publish, ours, forget_published)
        measure("published", publish, ours)
        measure("torch", [*python, "-c", "import torch"], ours)
        measure("optimizer", [*python, "-c", OPTIMIZER], ours)
        lines = len((ours / "dvc.lock").read_text(encoding="utf-8").splitlines())
    write(found, len(stages), lines, repeats)


def dependencies() -> dict[str, list[str]]:
    """Return the stages of dvc.yaml, and the stages whose outputs each one reads."""
    every = Repo(str(ROOT)).index.stages
    stages = [stage for stage in every if Path(stage.path) == ROOT / "dvc.yaml"]
    made = {Path(out.fs_path): stage.name for stage in stages for out in stage.outs}
    return {
        stage.name: sorted(
            {
                maker
                for path in (Path(dep.fs_path) for dep in stage.deps)
                for place, maker in made.items()
                if path != ROOT / "params.yaml"
                and (place.is_relative_to(path) or path.is_relative_to(place))
            }
        )
        for stage in stages
    }


def make_bare(stages: dict[str, list[str]], folder: Path, *, with_params: bool) -> None:
    """Make a project with these dependencies, whose stages write a number, and reproduce it."""
    folder.mkdir()
    Project.copied_to(folder)
    keys = [*YAML(typ="safe").load(ROOT / "params.yaml")["experiments"]]
    made: dict[str, Any] = {}
    for number, (stage, reads) in enumerate(stages.items()):
        name = stage.replace("@", "-")  # "@" is for foreach
        made[name] = {
            "cmd": f"echo {number} > {name}.out",
            "deps": [f"{other.replace('@', '-')}.out" for other in reads],
            "outs": [f"{name}.out"],
        }
        if with_params:
            made[name]["params"] = [f"experiments.{keys[number % len(keys)]}"]
    files.write_json(folder / "dvc.yaml", {"stages": made})  # JSON is YAML
    for command in (["git", "init", "--quiet"], ["dvc", "init", "--quiet"], ["dvc", "repro", "-q"]):
        run(command, folder)


def copy_project(folder: Path) -> None:
    """Clone this project with its results. The clone has a run store of its own."""
    run(["git", "clone", "--quiet", "--shared", str(ROOT), str(folder)], ROOT, REMEDY)
    (folder / ".dvc/cache").mkdir()
    (folder / ".dvc/cache/files").symlink_to(ROOT / ".dvc/cache/files")
    for command in (["dvc", "checkout", "--quiet"], ["dvc", "repro", "--quiet"]):
        run(command, folder, REMEDY)


def write(found: dict[str, float], stages: int, lines: int, repeats: int) -> None:
    """Write the measurements as a table and as a page."""
    OUT.mkdir(parents=True, exist_ok=True)
    seconds = {what: found[name] for name, what in WHAT.items()}
    table = pd.DataFrame({"what": seconds.keys(), "seconds": seconds.values()})
    table.to_csv(OUT / "overhead.csv", index=False, float_format="%.4g")
    page = PAGE.format(
        machine=machine.describe(),
        repeats=repeats,
        stages=stages,
        lines=lines,
        experiment=EXPERIMENT,
        rows="\n".join(f"| {what} | {took:.2f} |" for what, took in seconds.items()),
        bare=found["ours"] / found["bare"],
        params=found["ours"] / found["params"],
        stage=found["trained"] - found["single"],
        collected=found["collected"] - found["single"],
        process=found["process"],
        optimizer=found["optimizer"] - found["torch"],
        publish=found["publish"],
        published=found["published"],
    )
    (OUT / "overhead.md").write_text(page, encoding="utf-8")
    console.note(f"written: {OUT / 'overhead.md'}")


if __name__ == "__main__":
    console.run(main)
