"""Measure the value that each claim of a lecture is about, and judge whether the claim holds.

Perplexities and ratios are averaged as logarithms: a perplexity is e to a loss. A value has an
interval: that of 95 % over seeds, but at least the claim's margin on each side. With one seed, the
margin alone decides. A claim holds if the whole interval lies on the claimed side of the bound,
fails if all of it lies on the other side, and is undecided otherwise.
"""

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import pandas as pd

from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.common.paths import Results
from recurrent.evaluation.aggregate import DECIMALS
from recurrent.evaluation.epochs import at_epoch
from recurrent.evaluation.estimates import Estimate
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.published import NOT_RUN, UNAVAILABLE, UPSTREAM
from recurrent.evaluation.quantities import (
    Cycles,
    Extreme,
    Metric,
    Pair,
    Quantity,
    Reported,
    Seconds,
    Statement,
    Tabled,
    is_log,
    names_of,
)
from recurrent.evaluation.rows import NO_CORPUS, Claim
from recurrent.evaluation.scores import Reports, source_of
from recurrent.tracking.history import read_history

UNDECIDED = "undecided"
CYCLE = 0.25  # the share of a text that has to repeat
JOB = re.compile(r"(?P<model>.+), seed (?P<seed>\d+)")  # a training run in the benchmark


class Missing(Exception):
    """A quantity has no value; the message says why."""


def claim_rows(
    lectures: Mapping[str, Lecture], reports: Reports, results: Results, wanted: str
) -> Iterator[Claim]:
    """Yield a row for each claim; `wanted` is the source that params.yaml asks for."""
    found = Measurements(reports, results, wanted)
    for lecture, about in lectures.items():
        for key, statement in about.claims.items():
            yield _row(lecture, key, statement, found)


def tally(claims: Sequence[Claim]) -> dict[str, int]:
    """Return how many claims hold."""
    holding = sum(claim.verdict == "holds" for claim in claims)
    return {"claims_hold": holding} if claims else {}


def _row(lecture: str, key: str, statement: Statement, found: "Measurements") -> Claim:
    row = Claim(
        id=key,
        lecture=lecture,
        row=statement.row,
        statement=statement.statement,
        measured=statement.measured,
        unit=statement.unit,
        value=None,
        low=None,
        high=None,
        relation=statement.relation,
        bound=statement.bound,
        seeds=None,
        source=NO_CORPUS,
        models=" ".join(dict.fromkeys(names_of(statement))),
        verdict=None,
        reason=None,
    )
    try:
        estimate = found.estimate(statement, f"{lecture}.claims.{key}")
    except Missing as why:
        return row._replace(reason=str(why))
    value, low, high = interval(estimate, statement)
    verdict = judge(statement, low, high)
    source = ", ".join(sorted(estimate.sources - {NO_CORPUS})) or NO_CORPUS
    return row._replace(
        value=value,
        low=low,
        high=high,
        seeds=estimate.seeds,
        source=source,
        models=" ".join(estimate.models),
        verdict=verdict,
        reason=None if verdict == "holds" else reason_for(statement, source),
    )


def reason_for(statement: Statement, source: str) -> str | None:
    """Return why a claim does not hold on corpora from these sources, if lectures.yaml says so."""
    return next((statement.why[one] for one in source.split(", ") if one in statement.why), None)


def interval(estimate: Estimate, statement: Statement) -> tuple[float, float, float]:
    """Return the value and its interval; over seeds, that of a ratio is symmetric in logarithms."""
    value = estimate.mean
    low, high = value - estimate.half_width, value + estimate.half_width
    if is_log(statement):
        value, low, high = _exp(value), _exp(low), _exp(high)
    low, high = min(low, value - statement.margin), max(high, value + statement.margin)
    # Rounded before they are judged, because 1.1 - 0.1 is a little more than 1.
    return round(value, DECIMALS), round(low, DECIMALS), round(high, DECIMALS)


def judge(statement: Statement, low: float, high: float) -> str:
    """Return the verdict: whether the whole interval is on one side of the bound, and on which."""
    bound = statement.bound
    if statement.relation == "above":
        return "holds" if low >= bound else "fails" if high < bound else UNDECIDED
    return "holds" if high <= bound else "fails" if low > bound else UNDECIDED


@dataclass(frozen=True)
class Measurements:
    """All measurements of a pipeline, and how to find a quantity in them."""

    reports: Reports
    results: Results
    wanted: str

    def estimate(self, quantity: Quantity, place: str, log: bool = False) -> Estimate:
        """Return a quantity, or its logarithm; `place` is where lectures.yaml asks for it."""
        log = log or is_log(quantity)
        match quantity:
            case Metric():
                by_seed = self._metric(quantity, place)
                return self._of_model(quantity.model, by_seed, log)
            case Cycles():
                return self._of_model(quantity.cycles, self._cycles(quantity.cycles), log)
            case Seconds():
                one = self._of_model(quantity.seconds, seconds(quantity.seconds), log)
                return replace(one, sources=frozenset())  # of the benchmark, not of this run
            case Reported():
                return self._in_report(quantity, log)
            case Tabled():
                return self._in_table(quantity, place, log)
            case Extreme():
                return self._extreme(quantity, place, log)
            case Pair():
                first = self.estimate(quantity.value, f"{place}.value", log)
                if quantity.minus is not None:
                    return first.minus(self.estimate(quantity.minus, f"{place}.minus"))
                if quantity.over is not None:
                    return first.minus(self.estimate(quantity.over, f"{place}.over", log=True))
                return first
        return Estimate(_scaled(quantity, log))

    def _report(self, name: str) -> Mapping[str, Any]:
        """Return the evaluation of a model."""
        if name not in self.reports:
            raise Missing(UNAVAILABLE if self.wanted == UPSTREAM else NOT_RUN)
        return self.reports[name]

    def _of_model(self, name: str, by_seed: Mapping[int, float], log: bool) -> Estimate:
        report = self._report(name)
        scaled = {seed: _scaled(value, log) for seed, value in by_seed.items()}
        one = Estimate.over_seeds(scaled, name, source_of(report["origin"]))
        fitted_once = report["method"] == "fit" and len(by_seed) == 1
        return replace(one, seeds=None) if fitted_once else one

    def _metric(self, quantity: Metric, place: str) -> dict[int, float]:
        """Return a metric of the trained model, or at an epoch of its history, by seed."""
        report, metric = self._report(quantity.model), quantity.metric
        if quantity.epoch is None:
            _refuse_unless(metric in report["mean"], f"{place}.metric", metric, report["mean"])
            return {int(seed): of_seed[metric] for seed, of_seed in report["by_seed"].items()}
        history = read_history(self.results.history(report["experiment"]))
        found = at_epoch(history, report["variant"], metric, quantity.epoch, quantity.last)
        if not found:
            raise Missing(f"{quantity.model} has no {metric} at epoch {quantity.epoch}")
        return found

    def _cycles(self, name: str) -> dict[int, float]:
        """Return the share of texts that end in a cycle, by seed."""
        report = self._report(name)
        path = self.results.samples(report["experiment"], report["variant"])
        by_seed = files.read_json(path)["by_seed"] if path.is_file() else {}
        if not by_seed:
            raise Missing(f"{name} has generated no text")
        return {
            int(seed): mean(ends_in_cycle(text.removeprefix(prefix)) for prefix, text in of.items())
            for seed, of in by_seed.items()
        }

    def _in_report(self, quantity: Reported, log: bool) -> Estimate:
        """Return a number in a JSON file."""
        path = Path(quantity.report)
        if not path.is_file():
            raise Missing(UNAVAILABLE if self.wanted == UPSTREAM else NOT_RUN)
        report = value = files.read_json(path)
        for key in quantity.key:
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, int | float):
            raise Missing(f"{path} has no number {'.'.join(quantity.key)}")
        return Estimate(_scaled(value, log), sources=frozenset({source_of(report["origin"])}))

    def _in_table(self, quantity: Tabled, place: str, log: bool) -> Estimate:
        """Return a column of the chosen rows, reduced: for each seed if the rows have seeds."""
        for name in names_of(quantity):
            self._report(name)
        path = Path(quantity.table)
        if not path.is_file():
            raise Missing(NOT_RUN)
        rows = pd.read_csv(path, keep_default_na=False, na_values=[""])
        if {"experiment", "variant"} <= {*rows}:
            rows["model"] = rows["experiment"] + "/" + rows["variant"]
        wanted = {**quantity.where, **({"model": quantity.model} if quantity.model else {})}
        for column in (*wanted, quantity.column, *([quantity.over] if quantity.over else [])):
            _refuse_unless(column in rows, place, column, rows)
        for column, value in wanted.items():
            rows = rows[rows[column] == value]
        values = rows[quantity.column]
        if quantity.over:
            values = values / rows[quantity.over]
        values = values.dropna()
        if values.empty:
            raise Missing(f"{path} has no such rows")
        rows = rows.loc[values.index]
        seeds = rows["seed"] if "seed" in rows else pd.Series(0, rows.index)  # 0: the first one
        by_seed = {
            int(seed): _scaled(float(of_seed.agg(quantity.reduce)), log)
            for seed, of_seed in values.groupby(seeds)
        }
        models = tuple(rows["model"].unique()) if "model" in rows else ()
        if not models:
            return Estimate(mean(by_seed.values()))
        sources = frozenset(source_of(self._report(name)["origin"]) for name in models)
        one = Estimate.over_seeds(by_seed, models[0], "")
        return replace(one, models=models, sources=sources)

    def _extreme(self, quantity: Extreme, place: str, log: bool) -> Estimate:
        """Return the quantity whose interval reaches furthest, with the models of all quantities.

        If the interval of the largest lies below a bound, then so do all others.
        """
        key, sign = ("largest", 1) if quantity.largest else ("smallest", -1)
        parts = [
            self.estimate(part, f"{place}.{key}.{index}", log)
            for index, part in enumerate(quantity.parts)
        ]
        furthest = max(parts, key=lambda part: sign * part.mean + part.half_width)
        return replace(
            furthest,
            seeds=min((part.seeds for part in parts if part.seeds is not None), default=None),
            models=tuple(dict.fromkeys(name for part in parts for name in part.models)),
            sources=frozenset().union(*(part.sources for part in parts)),
            by_seed=None,
        )


def ends_in_cycle(text: str) -> bool:
    """Return whether a text ends in a cycle: one that repeats, over at least a quarter of the text.

    A cycle of p characters repeats if each of the last characters equals the one p before it.
    """
    for period in range(1, len(text) // 2 + 1):
        length = max(2 * period, math.ceil(CYCLE * len(text)))
        end = text[-length:]
        if end[period:] == end[:-period]:
            return True
    return False


def seconds(name: str) -> dict[int, float]:
    """Return how long a model's training runs took in the benchmark, by seed."""
    path = paths.SECONDS
    if not path.is_file():
        raise Missing(f"there is no {path}")
    with path.open(encoding="utf-8", newline="") as file:
        jobs = [(JOB.fullmatch(row["job"]), float(row["seconds"])) for row in csv.DictReader(file)]
    took = {int(job["seed"]): time for job, time in jobs if job and job["model"] == name}
    if not took:
        raise Missing(f"{name} was not in the benchmark")
    return took


def _refuse_unless(known: bool, place: str, name: str, names: Any) -> None:
    """Refuse a metric or a column that was not measured."""
    if not known:
        raise PipelineError(
            f"{place}: {name!r} was not measured.",
            where=str(paths.LECTURES),
            remedy=f"Write one of {', '.join(names)}.",
        )


def _scaled(value: float, log: bool) -> float:
    """Return a value or its logarithm."""
    if log and value <= 0:
        raise Missing(f"{value:g} has no logarithm")
    return math.log(value) if log else float(value)


def _exp(value: float) -> float:
    """Return the exponential, or infinity if a float cannot hold it."""
    return math.exp(value) if value < 700 else math.inf
