"""Part 3: every network of the lectures with three seeds, timed."""

import tempfile
import time
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.gpu.options import Found, Options
from benchmarks.gpu.project import Project, project, train
from recurrent.common import paths
from recurrent.evaluation import lectures
from recurrent.evaluation.published import find
from recurrent.tracking.history import read_history
from recurrent.training.collect import collect
from recurrent.training.fingerprint import Run
from recurrent.training.parallel import default_workers
from recurrent.training.store import RunStore
from scripts.compare import best_losses
from tests.project import ROOT

RESULTS = paths.PIPELINES["lectures"]


def measure(options: Options, deadline: float) -> Found:
    """Train all runs; return their times, and their numbers for the next part."""
    jobs = options.jobs or default_workers(options.runtime)
    kept = options.store.absolute() if options.store else None
    with tempfile.TemporaryDirectory() as folder, project(options) as here:
        store = RunStore(kept or Path(folder))
        earlier = sum(store.finished(run.fingerprint) for run in here.runs)
        started = time.monotonic()
        faults = train(here.runs, options.runtime, jobs, store, deadline)
        seconds = time.monotonic() - started
        about = {run.fingerprint: store.about(run.fingerprint) for run in here.runs}
        done = [run for run in here.runs if about[run.fingerprint]]
        return {
            "rows": rows(here.runs, about),
            "notes": [*here.left_out, *faults],
            "jobs": jobs,
            "seconds": round(seconds, 1),
            "runs": len(done),
            "planned": len(here.runs),
            "earlier": earlier,
            "corpora": here.corpora,
            **numbers(here, done, store),
        }


def rows(runs: list[Run], about: Mapping[str, Mapping[str, Any] | None]) -> list[Found]:
    """Return each variant's finished seeds, and their mean time."""
    found = []
    for name in dict.fromkeys(run.variant.name for run in runs):
        of_seeds = [about[run.fingerprint] for run in runs if run.variant.name == name]
        took = [one["seconds"] for one in of_seeds if one]
        seconds = round(mean(took), 2) if took else None
        found.append(
            {"name": name, "seeds": len(took), "planned": len(of_seeds), "seconds": seconds}
        )
    return found


def numbers(here: Project, done: list[Run], store: RunStore) -> Found:
    """Return our values for the published numbers, and the best loss of each variant."""
    trained = {run.variant.name: run.variant for run in done}
    ordered = sorted(done, key=lambda run: (run.variant.name, run.seed))
    losses = []
    for experiment, group in groupby(ordered, key=lambda run: run.variant.experiment):
        collect([*group], RESULTS, store)
        history = read_history(RESULTS.history(experiment))
        for short, loss in best_losses(history).items():
            of_seeds = history[history["variant"] == short].groupby("seed")
            by_seed = [best_losses(table)[short] for _, table in of_seeds]
            name = f"{experiment}/{short}"
            source = here.source(trained[name])
            sd = stdev(by_seed) if len(by_seed) > 1 else None
            losses.append({"name": name, "ours": loss, "sd": sd, "source": source})
    values = []
    for lecture in lectures.load(ROOT / paths.LECTURES).values():
        for number in lecture.numbers:
            if number.epoch is None or number.name not in trained:
                continue
            variant = trained[number.name]
            report = {
                "origin": {"source": here.source(variant)},
                "experiment": variant.experiment,
                "variant": variant.variant,
            }
            found = find(number, {number.name: report}, RESULTS)
            if found.ours is not None:
                value = {"id": number.id, "ours": found.ours, "sd": found.sd}
                values.append({**value, "source": found.source})
    return {"values": values, "losses": losses}
