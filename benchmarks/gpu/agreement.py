"""Part 4: the numbers of part 3 beside the CPU's and the published ones, within a tolerance."""

from math import isnan
from typing import Any

import pandas as pd

from benchmarks.gpu.options import Found, Options
from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.evaluation import lectures
from recurrent.evaluation.equivalence import from_scale, to_scale
from recurrent.evaluation.lectures import Number
from scripts.compare import SHARE, TOLERANCE, best_losses
from tests.project import ROOT

CPU = ROOT / "metrics/upstream"  # of `recurrent replicate` on a CPU
STATED = (
    "Two means agree if they differ by no more than the tolerance of the published number "
    "or two standard deviations over seeds, whichever is larger. The best loss of "
    f"a variant may differ by {TOLERANCE['loss']}, {SHARE:.0%}, or two standard deviations."
)


def measure(options: Options, deadline: float) -> Found:
    """Compare what the training part found; it takes no time."""
    if not options.data("training").exists():
        raise PipelineError(
            "there is nothing to compare.",
            where=str(options.data("training")),
            remedy="Run the part `training` first.",
        )
    training = files.read_json(options.data("training"))
    rows = [*published(training.get("values", [])), *best(training.get("losses", []))]
    bundled = sum(one["source"] == "bundled" for one in training.get("losses", []))
    notes = [STATED]
    if bundled:
        notes.append(f"{bundled} variants were trained on bundled corpora: not compared.")
    return {"rows": rows, "notes": notes}


def published(values: list[dict[str, Any]]) -> list[Found]:
    """Return a row for each published number that was measured on the lecture's corpus."""
    of_all = lectures.load(ROOT / paths.LECTURES).values()
    numbers: dict[str, Number] = {one.id: one for lecture in of_all for one in lecture.numbers}
    table = pd.read_csv(CPU / "published.csv").dropna(subset=["ours"])
    on_cpu = {one["id"]: one for one in table.to_dict("records")}
    rows = []
    for value in values:
        number = numbers.get(value["id"])
        if value["source"] != "upstream" or number is None or number.id not in on_cpu:
            continue
        cpu, ours, sd = on_cpu[number.id], value["ours"], value["sd"]
        mean = float(cpu["ours"])
        allowed = allowance(tolerance_as_difference(number, mean), sd, float(cpu["sd"]))
        rows.append(row(number.id, number.published, mean, ours, sd, allowed))
    return rows


def best(losses: list[dict[str, Any]]) -> list[Found]:
    """Return a row for the best loss of each variant that was not trained on bundled data."""
    curves = pd.concat(map(pd.read_csv, sorted((CPU / "curves").glob("*.csv"))))
    on_cpu = {
        f"{experiment}/{variant}": loss
        for experiment, table in curves.groupby("experiment")
        for variant, loss in best_losses(table).items()
    }
    rows = []
    for one in losses:
        if one["source"] == "bundled" or one["name"] not in on_cpu:
            continue
        cpu = on_cpu[one["name"]]
        allowed = allowance(max(TOLERANCE["loss"], SHARE * abs(cpu)), one["sd"])
        rows.append(row(f"{one['name']}, best loss", None, cpu, one["ours"], one["sd"], allowed))
    return rows


def tolerance_as_difference(number: Number, mean: float) -> float:
    """Return the tolerance of a published number, as a difference from our mean."""
    place = to_scale(number.metric, mean) + (number.tolerance or 0.0)
    return from_scale(number.metric, place) - mean


def allowance(tolerance: float, *deviations: float | None) -> float:
    """Return the largest difference that counts as agreement; one seed has no deviation."""
    return max([tolerance, *(2 * sd for sd in deviations if sd is not None and not isnan(sd))])


def row(
    name: str, value: float | str | None, cpu: float, here: float, sd: float | None, allowed: float
) -> Found:
    """Return a row of the table."""
    return {
        "name": name,
        "published": value,
        "cpu": cpu,
        "here": here,
        "sd": sd,
        "allowed": allowed,
        "agrees": round(abs(here - cpu), 9) <= allowed,
    }
