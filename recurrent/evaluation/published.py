"""Find our value for each published number, and the verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from statistics import fmean
from typing import Any

from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.common.paths import Results
from recurrent.evaluation.aggregate import over_seeds, rounded
from recurrent.evaluation.epochs import at_epoch
from recurrent.evaluation.equivalence import from_scale, to_scale
from recurrent.evaluation.intervals import prediction_interval
from recurrent.evaluation.lectures import Lecture, Number
from recurrent.evaluation.rows import NO_CORPUS, Published
from recurrent.evaluation.scores import Reports, source_of
from recurrent.evaluation.verdicts import DIFFERS, REPRODUCED, SEED_NOISE
from recurrent.tracking.history import read_history

UPSTREAM = "upstream"  # the corpora for which the lectures publish their numbers
NOT_RUN, UNAVAILABLE, ANOTHER = "not run", "the corpus is unavailable", "another corpus"


@dataclass(frozen=True)
class Found:
    """Our value for a published number, and details about it."""

    source: str = UPSTREAM
    ours: float | str | None = None  # None: not run
    place: float | None = None  # ours in the unit of its comparison, see equivalence.py
    by_seed: tuple[float, ...] = ()  # in that unit
    sd: float | None = None
    seeds: int | None = None
    split: str | None = None
    bayes: float | None = None
    interval: tuple[float, float] | None = None  # of one more run, or of random draws; in that unit
    drawn: bool = False  # a distribution over random draws
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
            ends = found.interval or (None, None)
            low, high = (end if end is None else from_scale(number.metric, end) for end in ends)
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
                low=rounded(low),
                high=rounded(high),
                below=sum(one < number.place for one in found.by_seed) if found.by_seed else None,
                bayes=found.bayes,
                verdict=verdict,
                reason=reason,
                tolerance=number.tolerance if verdict else None,
                ensemble=number.ensemble,
                agree=found.agree,
            )


def find(number: Number, reports: Reports, results: Results) -> Found:
    """Find our value in a history, an evaluation, generated texts, or a report."""
    if number.report is not None:
        return _in_report(number, Path(number.report))
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
    measured = [metrics] if ensemble else report["by_seed"].values()
    by_seed = [to_scale(number.metric, one[number.metric]) for one in measured]
    return replace(
        _over_seeds(number, source_of(report["origin"]), report["split"], by_seed),
        by_seed=() if number.ensemble else tuple(by_seed),
        seeds=len(report["by_seed"]),
        bayes=(report["bayes"] or {}).get(number.metric),
    )


def _at_epoch(number: Number, report: Mapping[str, Any], results: Results) -> Found:
    """Return the value in the history, where the unit of a perplexity's comparison is the loss."""
    source, split = source_of(report["origin"]), number.metric.split("_")[0]
    history, epoch = read_history(results.history(report["experiment"])), number.epoch or 0
    loss = number.metric.replace("perplexity", "loss")
    by_seed = [*at_epoch(history, report["variant"], loss, epoch).values()]
    return _over_seeds(number, source, split, by_seed) if by_seed else Found(source, split=split)


def _over_seeds(number: Number, source: str, split: str, by_seed: Sequence[float]) -> Found:
    """Return the mean and the spread of values, which are in the unit of their comparison.

    So the mean of perplexities is geometric. Their standard deviation is not of logarithms.
    """
    place = fmean(by_seed)
    values = [{"ours": from_scale(number.metric, one)} for one in by_seed]
    _, sds = over_seeds(dict(enumerate(values)))
    return Found(
        source,
        rounded(from_scale(number.metric, place)),
        place,
        tuple(by_seed),
        sds["ours"] if sds else None,
        len(by_seed),
        split,
        interval=prediction_interval(by_seed),
    )


def _written(number: Number, report: Mapping[str, Any], results: Results) -> Found:
    """Return the most frequent text of the seeds, and how many seeds wrote the published one."""
    source = source_of(report["origin"])
    path = results.samples(report["experiment"], report["variant"])
    by_seed = files.read_json(path).get("by_seed", {}) if path.is_file() else {}
    length = len(str(number.published))
    texts = [texts[number.prefix][:length] for texts in by_seed.values() if number.prefix in texts]
    if not texts:
        return Found(source)
    most_common = max(texts, key=texts.count)  # the first of several
    return Found(source, most_common, seeds=len(texts), agree=texts.count(str(number.published)))


def _in_report(number: Number, path: Path) -> Found:
    """Return a number in a JSON file, or a distribution if it depends on a random draw."""
    if not path.is_file():
        return Found(run=False)
    report = value = files.read_json(path)
    for key in number.key:
        value = value.get(key) if isinstance(value, dict) else None
    source = source_of(report["origin"])
    if not isinstance(value, dict):
        return Found(source, value, value)
    return Found(
        source,
        rounded(value["mean"]),
        value["mean"],
        sd=rounded(value["sd"]),
        seeds=value["draws"],
        interval=(value["low"], value["high"]),
        drawn=True,
    )


def judge(number: Number, found: Found, wanted: str) -> tuple[str | None, str | None]:
    """Return the verdict, or None and the reason.

    Ours is *reproduced* within the tolerance. Else it is *within seed noise* if the published
    number lies in the interval of one more run. With random draws, their range alone decides.
    A text is reproduced if most seeds wrote it, within seed noise if any seed did.
    """
    if found.source not in (UPSTREAM, NO_CORPUS):
        return None, UNAVAILABLE if wanted == UPSTREAM else ANOTHER
    if found.ours is None:
        return None, UNAVAILABLE if wanted == UPSTREAM and not found.run else NOT_RUN
    if number.no_verdict:
        return None, number.no_verdict
    if found.agree is not None and found.seeds:
        if 2 * found.agree > found.seeds:
            return REPRODUCED, None
        return (SEED_NOISE if found.agree else DIFFERS), None
    if found.place is None:
        return (REPRODUCED if found.ours == number.published else DIFFERS), None
    low, high = found.interval or (inf, -inf)
    inside = low <= number.place <= high
    if found.drawn:
        return (REPRODUCED if inside else DIFFERS), None
    if number.tolerance is None:
        raise PipelineError(
            f"{number.id}: {number.report} has one value, not a distribution over random draws.",
            where=str(paths.LECTURES),
            remedy="Give `tolerance` in place of `random_draw`.",
        )
    # Rounded, because 0.979 - 0.969 is a little more than 0.01.
    if round(abs(found.place - number.place), 9) <= number.tolerance:
        return REPRODUCED, None
    return (SEED_NOISE if inside else DIFFERS), None
