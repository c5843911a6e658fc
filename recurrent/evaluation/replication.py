"""The replication table: one line a figure that a lecture prints, and our own protocol's lines."""

from collections.abc import Iterator, Mapping
from math import hypot
from pathlib import Path
from typing import Any

from recurrent.config import Params
from recurrent.evaluation import paired
from recurrent.evaluation.aggregate import DECIMALS
from recurrent.evaluation.lectures import Comparison, Figure, Lecture
from recurrent.evaluation.line import Line
from recurrent.evaluation.published import (
    PRINTED_FOR,
    Evaluations,
    at_epoch,
    find,
    of_metric,
    verdict,
)
from recurrent.experiments import Experiment

ENOUGH = 100  # characters: the loss of fewer is a matter of luck


def table(
    lectures: Mapping[str, Lecture], settings: Params, evaluations: Evaluations, metrics: Path
) -> list[Line]:
    """Every line, lecture by lecture: the printed figures first, then our own."""
    lines: list[Line] = []
    for key, lecture in lectures.items():
        lines += [
            _printed(figure, evaluations, metrics, settings.source) for figure in lecture.figures
        ]
        for name, experiment in settings.experiments.items():
            if experiment.lecture == key and name in evaluations:
                row = _row_of(lecture, name)
                lines += _own(row, name, lecture, experiment, evaluations)
                lines += _gap(row, name, lecture, evaluations)
        for comparison in lecture.comparisons:
            lines += _compared(comparison, evaluations)
    return lines


def _row_of(lecture: Lecture, name: str) -> str:
    counterpart = lecture.counterparts.get(name, name)
    rows = [figure.row for figure in lecture.figures if figure.experiment == counterpart]
    return rows[0] if rows else lecture.own_row


def _printed(figure: Figure, evaluations: Evaluations, metrics: Path, wanted: str) -> Line:
    found = find(figure, evaluations, metrics)
    source = found.get("source", PRINTED_FOR)
    return Line(
        row=figure.row,
        experiment=figure.experiment or str(figure.report),
        source=source,
        protocol="lecture",
        metric=_metric(figure),
        printed=figure.printed,
        ours=found.get("ours"),
        spread=found.get("spread"),
        seeds=found.get("seeds"),
        floor=found.get("floor"),
        verdict=verdict(
            figure,
            found.get("ours"),
            found.get("spread"),
            source,
            wanted,
            missing=found.get("missing", ""),
        )
        + found.get("remark", ""),
    )


def _metric(figure: Figure | Comparison) -> str:
    if isinstance(figure, Figure) and figure.together:
        return f"{figure.metric}, seeds together"
    if figure.epoch is None:
        return figure.metric
    if figure.last == 1:
        return f"{figure.metric}, epoch {figure.epoch}"
    first = figure.epoch - figure.last + 1
    return f"{figure.metric}, median of epochs {first} to {figure.epoch}"


def _own(
    row: str, name: str, lecture: Lecture, experiment: Experiment, evaluations: Evaluations
) -> Iterator[Line]:
    """Every figure of one experiment; the headline stands against the baseline."""
    evaluation = evaluations[name]
    if evaluation.get("characters", ENOUGH) < ENOUGH:
        return
    found = {metric: of_metric(name, evaluations, metric) for metric in evaluation["mean"]}
    against = evaluation.get("against", {})
    baseline = "baseline" if experiment.training.kind == "closed_form" else ""
    verdicts = {lecture.headline: ": ".join(filter(None, [baseline, _against(against, "seeds")]))}
    if lecture.headline in evaluation.get("together", {}):
        # The seeds' answers averaged: one answer, no spread.
        metric = f"{lecture.headline}, seeds together"
        ours = evaluation["together"][lecture.headline]
        found[metric] = {**found[lecture.headline], "ours": ours, "spread": None}
        verdicts[metric] = _against(against, "together")
    for metric, figures in found.items():
        yield Line(
            row=row,
            experiment=name,
            source=figures["source"],
            protocol=f"{evaluation['protocol']}, {evaluation.get('on', experiment.dataset)}",
            metric=metric,
            printed=None,
            ours=figures["ours"],
            spread=figures["spread"],
            seeds=figures["seeds"],
            floor=figures["floor"],
            verdict=verdicts.get(metric, ""),
        )


def _gap(row: str, name: str, lecture: Lecture, evaluations: Evaluations) -> Iterator[Line]:
    """How much worse held-out text is than what the lecture measures on, for the same network.

    Part of it may be the text itself; how much its source pays more for it is said where known.
    """
    counterpart = lecture.counterparts.get(name, "")
    theirs = evaluations.get(counterpart)
    if theirs is None or theirs.get("characters", ENOUGH) < ENOUGH:
        return
    metric = lecture.headline
    here, there = (of_metric(one, evaluations, metric) for one in (name, counterpart))
    known = here["floor"] is not None and there["floor"] is not None
    yield Line(
        row=row,
        experiment=name,
        source=here["source"],
        protocol=f"{evaluations[name]['protocol']} against {theirs['protocol']}",
        metric=f"difference of {metric}",
        printed=None,
        ours=round(here["ours"] - there["ours"], DECIMALS),
        spread=_of_difference(here["spread"], there["spread"]),
        seeds=here["seeds"],
        floor=None,
        verdict=f"of its source: {here['floor'] - there['floor']:+.4f}" if known else "",
    )


def _of_difference(here: float | None, there: float | None) -> float | None:
    """The spread of a difference; of a single seed's nothing is known."""
    return None if here is None or there is None else round(hypot(here, there), DECIMALS)


def _compared(comparison: Comparison, evaluations: Evaluations) -> Iterator[Line]:
    """The experiments of a table of its own; the page sets them out in two ways."""
    for name in dict.fromkeys(name for row in comparison.rows.values() for name in row):
        if name is None or name not in evaluations:
            continue
        evaluation, metric, epoch = evaluations[name], comparison.metric, comparison.epoch
        if epoch is None:
            found = of_metric(name, evaluations, metric)
        else:
            found = at_epoch(name, metric, epoch, evaluation, comparison.last)
        if not found:  # trained for fewer epochs than that
            continue
        yield Line(
            row=comparison.row,
            experiment=name,
            source=found["source"],
            protocol=comparison.title,
            metric=_metric(comparison),
            printed=None,
            ours=found["ours"],
            spread=found["spread"],
            seeds=found["seeds"],
            floor=found.get("floor"),
            verdict="",
        )


def _against(against: Mapping[str, Any], kind: str) -> str:
    return paired.verdict(against["baseline"], against[kind]) if against else ""
