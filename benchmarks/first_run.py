"""Time of a first run in a fresh clone: environment, pipeline, and what comes after.

`python -m benchmarks.first_run` writes metrics/bench/first-run.json, first-run.md and seconds.csv,
which tells later runs how long each job takes. It takes about half an hour on an idle machine with
two processors, and needs the network to make the environment. After `recurrent replicate`, it also
projects the time of that command, from the stored runs.
"""

import csv
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import psutil
import typer

from benchmarks import machine, modes
from benchmarks.commands import make_environment, run
from benchmarks.first_run_page import page
from recurrent.commands.clone import PLACE
from recurrent.common import config, console, files, paths
from recurrent.common.errors import PipelineError
from recurrent.training.fingerprint import plan
from recurrent.training.parallel import processors
from recurrent.training.schedule import Job, makespan
from recurrent.training.store import RunStore
from tests.project import ROOT

OUT = ROOT / "metrics/bench"
STAGE = re.compile(r"Running stage '(?:.*:)?([^@']+)")  # without its key
WORKERS = (1, 2, 4, 8, 16)
COLLECTED = ("stages.evaluate", "lyrics_gru")  # a stage whose results are in the store
REPRO = [sys.executable, "-m", "recurrent", "repro", "--no-summary"]
RUNS = Path(".dvc/cache/trained")
OTHER_JOBS = ("evaluate", "embed", "data")


def main(
    environment: Annotated[bool, typer.Option(help="Also time `make install`.")] = True,
    beyond: Annotated[bool, typer.Option(help="Also time `make beyond`.")] = True,
    folder: Annotated[
        Path | None, typer.Option(help="Clone into this new folder, and keep it.")
    ] = None,
) -> None:
    """Time a first run in a fresh clone."""
    found: dict[str, Any] = {"machine": machine.describe(), "processors": processors()}
    with tempfile.TemporaryDirectory() as temporary:
        clone = (folder or Path(temporary) / "clone").absolute()
        run(["git", "clone", "--quiet", str(ROOT), str(clone)], ROOT)
        if environment:
            found["environment_s"] = seconds(["make", "install"], clone)
            shutil.rmtree(clone / ".venv")
        jobs, pipeline = first_run(clone)
        found |= pipeline
        found["noop_s"] = seconds(["dvc", "repro", "--quiet"], clone)
        found["stage_overhead_s"] = cpu_seconds([sys.executable, "-m", *COLLECTED], clone)
        if beyond:
            found["beyond_s"] = seconds([*REPRO, "--beyond"], clone)
            jobs = {**read_jobs(clone / paths.JOBS_LOG), **jobs}
    if durations := replicate_durations(ROOT / PLACE / "upstream", RunStore(ROOT / RUNS)):
        jobs_of_runs = [Job(name, name, print, bool) for name in durations]
        found["replicate_s"] = makespan(jobs_of_runs, processors(), durations.__getitem__)
    found["strict_over_fast"] = modes.strict_over_fast()
    write(found, {name: job.took for name, job in jobs.items()})


def first_run(clone: Path) -> tuple[dict[str, "JobTime"], dict[str, Any]]:
    """Run the pipeline in a fresh clone; return its jobs, and what it took."""
    before, started, busy = cpu_seconds_of_children(), time.time(), cpu_seconds_of_machine()
    lines = [*timed_lines(REPRO, clone)]
    ended = time.time()
    own, others = cpu_seconds_of_children() - before, cpu_seconds_of_machine() - busy
    jobs = read_jobs(clone / paths.JOBS_LOG)
    phases = timeline(started, ended, lines, jobs)
    rest = ended - started - phases["jobs"]
    durations = {name: job.took for name, job in jobs.items()}
    return jobs, {
        "pipeline_s": ended - started,
        "others_share": max(0.0, others - own) / (ended - started) / processors(),
        "timeline_s": phases,
        "cpu_s": cpu_by_cause(own, durations),
        "projected_s": {
            str(workers): rest + makespan(as_jobs(durations), workers, durations.__getitem__)
            for workers in WORKERS
        },
    }


def seconds(command: list[str], folder: Path) -> float:
    """Return how long a command takes."""
    took = machine.timed(lambda: run(command, folder))[0]
    console.note(f"{' '.join(command)}: {took:.1f} s")
    return took


def timed_lines(command: list[str], folder: Path) -> Iterator[tuple[float, str]]:
    """Run a command; yield its lines with the time of each."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=make_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield time.time(), line.rstrip()
            console.note(line.rstrip())
    if process.returncode:
        raise PipelineError(f"failed (status {process.returncode})", where=" ".join(command))


class JobTime(NamedTuple):
    """When a job started, in seconds since 1970, and how many seconds it took."""

    started: float
    took: float


def read_jobs(log: Path) -> dict[str, JobTime]:
    """Return the jobs that a run has logged, by name."""
    with log.open(encoding="utf-8", newline="") as file:
        return {
            row["job"]: JobTime(float(row["started"]), float(row["seconds"]))
            for row in csv.DictReader(file)
        }


def timeline(
    started: float, ended: float, lines: Sequence[tuple[float, str]], jobs: Mapping[str, JobTime]
) -> dict[str, float]:
    """Return the seconds of each phase: planning, jobs, the start of `dvc repro`, its stages.

    After its last stage, `recurrent repro` publishes to MLflow.
    """
    first = min(job.started for job in jobs.values())
    last = max(job.started + job.took for job in jobs.values())
    later = [(when, STAGE.match(line)) for when, line in lines if when >= last]
    stages = [(when, match[1]) for when, match in later if match]
    starts = [when for when, _ in stages]
    found = {"planning": first - started, "jobs": last - first}
    found["start of dvc repro"] = (starts[0] if starts else ended) - last
    if stages:
        when, stage = stages.pop()
        stages.append((when, f"{stage}, publishing to MLflow"))
    for (when, stage), until in zip(stages, [*starts[1:], ended], strict=True):
        found[stage] = found.get(stage, 0.0) + until - when
    return found


def cpu_by_cause(cpu: float, durations: Mapping[str, float]) -> dict[str, float]:
    """Return CPU seconds by cause. A job computes on one thread, so its time is CPU time."""
    found = dict.fromkeys(("train", *OTHER_JOBS), 0.0)
    for name, took in durations.items():
        found[kind_of(name)] += took
    return {**found, "DVC, other stages, MLflow": cpu - sum(found.values())}


def kind_of(job: str) -> str:
    """Return train, evaluate, embed or data."""
    first = job.partition(" ")[0]
    return first if first in OTHER_JOBS else "train"


def as_jobs(durations: Mapping[str, float]) -> list[Job]:
    """Return jobs with these names, each depending on those that it waited for."""
    settings = config.load(folder=ROOT)
    experiments = settings.experiments

    def depends_on(name: str) -> frozenset[str]:
        kind, _, subject = name.partition(" ")
        if kind == "data":
            return frozenset()
        if kind == "embed":
            return runs_of(f"{settings.embedded[subject].experiment}/")
        if kind == "evaluate":
            return runs_of(f"{subject},")
        dataset = experiments[name.partition("/")[0]].dataset
        if dataset in settings.embedded:
            return frozenset({f"embed {dataset}"} & durations.keys())
        return frozenset({f"data {settings.datasets[dataset].corpus}"} & durations.keys())

    def runs_of(prefix: str) -> frozenset[str]:
        return frozenset(name for name in durations if name.startswith(prefix))

    ranks = {"data": 0, "train": 1, "embed": 2, "evaluate": 4}

    def rank(name: str) -> int:  # a job comes after those that it waits for
        on_vectors = any(one.startswith("embed") for one in depends_on(name))
        return 3 if on_vectors else ranks[kind_of(name)]

    ordered = sorted(durations, key=rank)
    return [Job(name, name, print, bool, depends_on(name)) for name in ordered]


def cpu_seconds_of_children() -> float:
    """Return the CPU seconds of all child processes that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def cpu_seconds_of_machine() -> float:
    """Return the CPU seconds that all programs have used since the machine started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def replicate_durations(clone: Path, store: RunStore) -> dict[str, float]:
    """Return the seconds of each run of `recurrent replicate`, or nothing if some are missing."""
    if not (clone / paths.encoded("")).exists():
        return {}
    with chdir(clone):
        about = {str(run): store.about(run.fingerprint) for run in plan(config.load())}
    found = {name: one["seconds"] for name, one in about.items() if one}
    return found if len(found) == len(about) else {}


def cpu_seconds(command: list[str], folder: Path) -> float:
    """Return the CPU seconds of a command."""
    before = cpu_seconds_of_children()
    run(command, folder)
    return cpu_seconds_of_children() - before


def write(found: dict[str, Any], durations: Mapping[str, float]) -> None:
    """Write the measurements as data and as a page, and how long each job took."""
    files.write_json(OUT / "first-run.json", rounded(found))
    files.write_text(OUT / "first-run.md", page(rounded(found)))
    known = {**read_durations(ROOT / paths.SECONDS), **durations}
    rows = [f'"{name}",{took:.1f}' for name, took in sorted(known.items())]
    files.write_text(ROOT / paths.SECONDS, "\n".join(["job,seconds", *rows]) + "\n")
    console.note(f"written: {OUT / 'first-run.md'}")


def read_durations(path: Path) -> dict[str, float]:
    """Return the seconds of jobs that were measured before and not now."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["job"]: float(row["seconds"]) for row in csv.DictReader(file)}


def rounded(value: Any) -> Any:
    """Round every number of a nested value to two decimals."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return round(value, 2) if isinstance(value, float) else value


if __name__ == "__main__":
    console.run(main)
