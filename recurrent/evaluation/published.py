"""Find our value for each published number, and the verdict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.common.paths import Results
from recurrent.evaluation.aggregate import over_seeds, perplexity, rounded
from recurrent.evaluation.lectures import Lecture, Number
from recurrent.evaluation.rows import Published
from recurrent.evaluation.scores import Reports, source_of
from recurrent.tracking.history import read_history

UPSTREAM = "upstream"  # the corpora for which the lectures publish their numbers
NO_CORPUS = "no corpus"  # of a study: its numbers are comparable with any source
NOT_RUN, UNAVAILABLE, ANOTHER = "not run", "the corpus is unavailable", "another corpus"


@dataclass(frozen=True)
class Found:
    """Our value for a published number, and details about it."""

    source: str = UPSTREAM
    ours: float | str | None = None  # None: not run
    sd: float | None = None
    seeds: int | None = None
    split: str | None = None
    bayes: float | None = None
    low: float | None = None
    high: float | None = None
    agree: int | None = None
    run: bool = True  # whether its model was trained, or its report written


def published_rows(
    lectures: Mapping[str, Lecture], reports: Reports, results: Results, wanted: str
) -> Iterator[Published]:
    """Yield a row for each published number; `wanted` is the source that params.yaml asks for."""
    for key, lecture in lectures.items():
        for number in lecture.numbers:
            found = find(number, reports, results)
            verdict, reason = judge(number, found, wanted)
            experiment, _, variant = (number.name or "").partition("/")
            yield Published(
                id=number.id,
                lecture=key,
                row=number.row,
                experiment=experiment or str(number.report),
                variant=variant or None,
                seeds=found.seeds,
                metric=number.metric,
                epoch=number.epoch,
                split=found.split,
                source=found.source,
                published=number.published,
                ours=found.ours,
                sd=found.sd,
                low=found.low,
                high=found.high,
                bayes=found.bayes,
                verdict=verdict,
                reason=reason,
                last=number.last,
                ensemble=number.ensemble,
                agree=found.agree,
            )


def find(number: Number, reports: Reports, results: Results) -> Found:
    """Find our value in a history, an evaluation, generated texts, or a report."""
    if number.report is not None:
        return _in_report(Path(number.report), number.key)
    report = reports.get(number.name or "")
    if report is None:
        return Found(run=False)
    if number.prefix is not None:
        return _written(number, report, results)
    if number.epoch is not None:
        return _at_epoch(number, report, results)
    return _measured(number, report)


def _measured(number: Number, report: Mapping[str, Any]) -> Found:
    """Return the evaluated value: the mean over seeds, or the ensemble's."""
    ensemble = number.ensemble and report["ensemble"] is not None  # one seed is its own ensemble
    metrics = report["ensemble"] if ensemble else report["mean"]
    if number.metric not in metrics:
        raise PipelineError(
            f"{number.id}: {number.name} has no metric {number.metric!r}.",
            where=str(paths.LECTURES),
            remedy=f"Write one of {', '.join(metrics)}.",
        )
    return Found(
        source=source_of(report["origin"]),
        ours=metrics[number.metric],
        sd=None if number.ensemble else (report["sd"] or {}).get(number.metric),
        seeds=len(report["by_seed"]),
        split=report["split"],
        bayes=(report["bayes"] or {}).get(number.metric),
    )


def _at_epoch(number: Number, report: Mapping[str, Any], results: Results) -> Found:
    """Return the value in the history: the median of the last epochs up to the number's epoch.

    The median is taken for each seed. A perplexity is computed from the loss of the same name.
    """
    source, split = source_of(report["origin"]), number.metric.split("_")[0]
    history = read_history(results.history(report["experiment"]))
    logged = number.metric.replace("perplexity", "loss")
    if logged not in history:
        return Found(source, split=split)
    assert number.epoch is not None
    of_variant = history[history["variant"] == report["variant"]].dropna(subset=[logged])
    within = of_variant["epoch"].between(number.epoch - number.last + 1, number.epoch)
    by_seed = {
        int(seed): [float(value) for value in values]
        for seed, values in of_variant[within].groupby("seed")[logged]
    }
    if not by_seed or min(map(len, by_seed.values())) < number.last:
        return Found(source, split=split)
    if logged != number.metric:
        by_seed = {seed: [perplexity(loss) for loss in losses] for seed, losses in by_seed.items()}
    mean, sd = over_seeds({seed: {"ours": median(found)} for seed, found in by_seed.items()})
    return Found(source, mean["ours"], sd["ours"] if sd else None, len(by_seed), split)


def _written(number: Number, report: Mapping[str, Any], results: Results) -> Found:
    """Return the text that the first seed wrote after a prefix, and how many seeds agree."""
    source = source_of(report["origin"])
    path = results.samples(report["experiment"], report["variant"])
    by_seed = files.read_json(path).get("by_seed", {}) if path.is_file() else {}
    length = len(str(number.published))
    texts = [texts[number.prefix][:length] for texts in by_seed.values() if number.prefix in texts]
    if not texts:
        return Found(source)
    return Found(source, texts[0], seeds=len(texts), agree=texts.count(texts[0]))


def _in_report(path: Path, keys: tuple[str, ...]) -> Found:
    """Return a number in a JSON file, or a distribution if it depends on a random draw."""
    if not path.is_file():
        return Found(run=False)
    report = value = files.read_json(path)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    source = source_of(report["origin"])
    if isinstance(value, dict):
        return Found(
            source,
            rounded(value["mean"]),
            rounded(value["sd"]),
            value["draws"],
            low=value["low"],
            high=value["high"],
        )
    return Found(source, value)


def judge(number: Number, found: Found, wanted: str) -> tuple[str | None, str | None]:
    """Return the verdict (reproduced, better or differs), or None and the reason."""
    ours = found.ours
    if found.source not in (UPSTREAM, NO_CORPUS):
        return None, UNAVAILABLE if wanted == UPSTREAM else ANOTHER
    if ours is None:
        return None, UNAVAILABLE if wanted == UPSTREAM and not found.run else NOT_RUN
    if number.no_verdict:
        return None, number.no_verdict
    if isinstance(ours, str) or isinstance(number.published, str):
        return ("reproduced" if ours == number.published else "differs"), None
    difference = ours - number.published
    # Rounded, because 0.979 - 0.969 is a little more than 0.01.
    if round(abs(difference), 9) <= max(number.tolerance, 2 * (found.sd or 0.0)):
        return "reproduced", None
    if number.better and (difference > 0) == (number.better == "higher"):
        return "better", None
    return "differs", None
