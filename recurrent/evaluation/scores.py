"""Metrics of variants as table rows, as files for `dvc metrics`, and as headline numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Published, Score
from recurrent.evaluation.verdicts import tally

Reports = Mapping[str, Mapping[str, Any]]  # evaluation files by experiment/variant
ENOUGH = 100  # records: with fewer, a loss depends on chance
# `dvc metrics show` has a column for each key, so models of all tasks share a few keys.
SHARED = {
    "accuracy": "accuracy",
    "restored": "accuracy",
    "loss": "loss",
    "log_loss": "loss",
    "restoration_loss": "loss",
    "perplexity": "perplexity",
    "mape": "mape",
}


def score_rows(report: Mapping[str, Any], lecture: Lecture) -> Iterator[Score]:
    """Yield a row for each metric of a variant, unless it was measured on too few records."""
    groups = report.get("groups", {})  # a metric of a part of the records ends in its name
    for metric, ours in report["mean"].items():
        records = groups.get(metric.removeprefix("accuracy_"), report["count"])
        if records < ENOUGH:
            continue
        yield Score(
            lecture=report["lecture"],
            row=lecture.row_of(f"{report['experiment']}/{report['variant']}"),
            experiment=report["experiment"],
            variant=report["variant"],
            method=report["method"],
            source=source_of(report["origin"]),
            split=report["split"],
            records=report["records"],
            count=records,
            metric=metric,
            ours=ours,
            sd=(report["sd"] or {}).get(metric),
            seeds=len(report["by_seed"]),
            ensemble=(report["ensemble"] or {}).get(metric),
            bayes=(report["bayes"] or {}).get(metric),
            by_prefix=report["by_prefix"],
        )


def source_of(origin: Mapping[str, str]) -> str:
    """Return bundled, upstream or stand-in, or the name of the user's own file."""
    return origin["name"] if origin["source"] == "own file" else origin["source"]


def flat(report: Mapping[str, Any]) -> dict[str, float]:
    """Return a variant's metrics for `dvc metrics`: a few keys that all variants share."""
    mean: Mapping[str, float] = report["mean"]
    found = {key: mean[metric] for metric, key in SHARED.items() if metric in mean}
    bayes = (report["bayes"] or {}).get(report["metric"])
    return found if bayes is None else {**found, "bayes": bayes}


def summary(
    scores: Sequence[Score], published: Sequence[Published], lectures: Mapping[str, Lecture]
) -> dict[str, float]:
    """Return each lecture's best held-out score in its headline metric, and verdict counts.

    There are few keys, because `dvc metrics show` has a column for each.
    """
    found: dict[str, float] = {}
    for key, lecture in lectures.items():
        held_out = [
            score
            for score in scores
            if (score.lecture, score.metric, score.split) == (key, lecture.headline, "test")
            and not score.by_prefix
        ]
        if not held_out:
            continue
        largest = max(held_out, key=lambda score: score.count).records
        alike = [score for score in held_out if score.records == largest]
        sign = 1 if lecture.better == "higher" else -1
        found[key] = max(alike, key=lambda score: sign * score.ours).ours
    if published:
        counted = tally(published)
        found["reproduced"] = counted.reproduced + counted.within_seed_noise
        found["differs"] = counted.differs
    return found
