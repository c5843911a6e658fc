"""The replication table: one line a figure that a lecture prints, and our own protocol's lines."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stages import files
from stages.evaluation import paired
from stages.evaluation.lectures import Figure, Lecture
from stages.params import Experiment, Params

Evaluations = Mapping[str, Mapping[str, Any]]  # what evaluate measured, by experiment
PRINTED_FOR = "upstream"  # the corpora on which the lectures print their figures


class Line(NamedTuple):
    """One line of metrics/replication.csv; None is an empty field."""

    row: str
    experiment: str
    source: str
    protocol: str
    metric: str
    printed: float | None
    ours: float | None
    spread: float | None
    seeds: int | None
    floor: float | None
    verdict: str


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
    return lines


def _row_of(lecture: Lecture, name: str) -> str:
    rows = [figure.row for figure in lecture.figures if figure.experiment == name]
    return rows[0] if rows else lecture.own_row


def _printed(figure: Figure, evaluations: Evaluations, metrics: Path, wanted: str) -> Line:
    found = _ours(figure, evaluations, metrics)
    source = found.get("source", PRINTED_FOR)
    return Line(
        row=figure.row,
        experiment=figure.experiment or str(figure.report),
        source=source,
        protocol="lecture",
        metric=figure.metric,
        printed=figure.printed,
        ours=found.get("ours"),
        spread=found.get("spread"),
        seeds=found.get("seeds"),
        floor=found.get("floor"),
        verdict=verdict(figure, found.get("ours"), found.get("spread"), source, wanted),
    )


def _ours(figure: Figure, evaluations: Evaluations, metrics: Path) -> dict[str, Any]:
    """Our value of a printed figure and what belongs to it; empty if the experiment is not run."""
    if figure.experiment:
        evaluation = evaluations.get(figure.experiment)
        return _measured(evaluation, figure.metric) if evaluation else {}
    path = metrics / str(figure.report)
    if not path.exists():
        return {}
    report = value = files.read_json(path)
    for key in figure.key:
        value = value.get(key) if isinstance(value, dict) else None
    return {"ours": value, "source": _source(report["origin"])}


def _measured(evaluation: Mapping[str, Any], metric: str) -> dict[str, Any]:
    return {
        "ours": evaluation["mean"][metric],
        "spread": evaluation.get("spread", {}).get(metric),
        "seeds": len(evaluation["by_seed"]),
        "floor": (evaluation["floor"] or {}).get(metric),
        "source": _source(evaluation["origin"]),
    }


def _source(origin: Mapping[str, str]) -> str:
    """bundled, upstream, or the file's own name."""
    return origin["name"] if origin["source"] == "own file" else origin["source"]


def verdict(
    figure: Figure, ours: float | None, spread: float | None, source: str, wanted: str
) -> str:
    """reproduced, better or not reproduced — or why there is nothing to compare."""
    if source != PRINTED_FOR:
        why = "another corpus" if wanted != PRINTED_FOR else "the lecture's corpus could not be had"
        return f"not comparable: {why}"
    if ours is None:
        return "not run" if wanted != PRINTED_FOR else "not run: the corpus could not be had"
    allowed = max(figure.tolerance, 2 * (spread or 0.0))
    difference = ours - figure.printed
    if round(abs(difference), 9) <= allowed:  # 0.979 - 0.969 is a hair above 0.01
        return "reproduced"
    if figure.better and (difference > 0) == (figure.better == "higher"):
        return "better"
    return "not reproduced"


def _own(
    row: str, name: str, lecture: Lecture, experiment: Experiment, evaluations: Evaluations
) -> Iterator[Line]:
    """Every held-out figure of one experiment; the headline stands against the baseline."""
    evaluation = evaluations[name]
    found = {metric: _measured(evaluation, metric) for metric in evaluation["mean"]}
    against = evaluation.get("against", {})
    verdicts = {lecture.headline: _against(against, "seeds")}
    if "together" in evaluation:  # the seeds' probabilities averaged: one answer, no spread
        metric = f"{lecture.headline}, seeds together"
        ours = evaluation["together"][lecture.headline]
        found[metric] = {**found[lecture.headline], "ours": ours, "spread": None}
        verdicts[metric] = _against(against, "together")
    elif experiment.training.kind == "closed_form":
        verdicts[lecture.headline] = "baseline"
    for metric, figures in found.items():
        yield Line(
            row=row,
            experiment=name,
            source=figures["source"],
            protocol=f"held-out, {experiment.dataset}",
            metric=metric,
            printed=None,
            ours=figures["ours"],
            spread=figures["spread"],
            seeds=figures["seeds"],
            floor=figures["floor"],
            verdict=verdicts.get(metric, ""),
        )


def _against(against: Mapping[str, Any], kind: str) -> str:
    return paired.verdict(against["baseline"], against[kind]) if against else ""
