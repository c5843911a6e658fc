"""Choose which models are compared with each other, and compare them.

A network is compared with the best model without a network, on the same records, or with the rival
that lectures.yaml names. A held-out variant is compared with its counterpart, which is trained and
measured as in the lecture.
"""

from collections.abc import Callable, Iterator, Mapping
from math import hypot
from operator import sub

import numpy as np

from recurrent.evaluation.aggregate import Metrics, rounded
from recurrent.evaluation.evaluation import Evaluation
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.paired import Difference, compare, over_seeds
from recurrent.evaluation.rows import Comparison
from recurrent.evaluation.scores import ENOUGH, Reports


def on_same_records(
    ours: Mapping[str, Evaluation], known: Mapping[str, Evaluation], lectures: Mapping[str, Lecture]
) -> Iterator[Comparison]:
    """Compare each of our variants with its rival, or else with the best known baseline."""
    for name, one in ours.items():
        named = lectures[one.report["lecture"]].rivals.get(name)
        rivals = [other for other in known if is_baseline_of(one, known[other])]
        if named is not None and named in known:
            rivals = [named]
        if not rivals or name in rivals:
            continue
        best = max(rivals, key=lambda other: float(known[other].merit.mean()))
        seeds = fewest_seeds(one, known[best])
        for ensemble, difference in differences(one, known[best]):
            yield Comparison(
                kind="rival" if best == named else "baseline",
                lecture=one.report["lecture"],
                experiment=one.report["experiment"],
                variant=one.report["variant"],
                rival=best,
                split=one.report["split"],
                metric=one.report["metric"],
                ensemble=ensemble,
                difference=rounded(difference.mean),
                standard_error=rounded(difference.standard_error),
                verdict=difference.verdict,
                degrees=rounded(difference.degrees),
                seeds=seeds,
            )


def is_baseline_of(one: Evaluation, other: Evaluation) -> bool:
    """Return whether `other` is not a network and was measured on the same records.

    There are no baselines on training text: a network that memorises it beats all of them.
    """
    here, there = one.report, other.report
    if there["method"] != "fit" or here["task"] != there["task"]:
        return False
    if here["split"] == "train" or here["text"] != there["text"]:
        return False
    return bool(here["text"]) or here["dataset"] == there["dataset"]


def differences(one: Evaluation, other: Evaluation) -> Iterator[tuple[bool, Difference]]:
    """Yield the mean difference over seeds, and that of the ensemble if there is one."""
    block = one.report["block"]
    seeds = [part for model in (one, other) if (part := over_seeds(seed_metrics(model)))]
    # Windows omit a few characters that a stateful model predicts.
    _, here, there = np.intersect1d(one.records, other.records, return_indices=True)
    if len(here) < 2:  # a single record has no standard error
        return
    yield False, compare(one.merit[here], other.merit[there], block, seeds)
    if one.ensemble_merit is not None:
        merit = other.merit if other.ensemble_merit is None else other.ensemble_merit
        # To first order, averaged predictions vary with the seeds as averaged metrics do.
        yield True, compare(one.ensemble_merit[here], merit[there], block, seeds)


def seed_metrics(one: Evaluation) -> list[float]:
    """Return the main metric of each seed."""
    metric = one.report["metric"]
    return [found[metric] for found in one.report["by_seed"].values()]


def fewest_seeds(*models: Evaluation) -> int | None:
    """Return the number of seeds of the network that has fewest; None without a network."""
    networks = [one for one in models if one.report["method"] == "descent"]
    return min((len(one.report["by_seed"]) for one in networks), default=None)


def held_out(
    names: Mapping[str, object], reports: Reports, lectures: Mapping[str, Lecture]
) -> Iterator[Comparison]:
    """Compare held-out variants with the same models, measured as in the lecture.

    Part of the difference may be due to the text, so the difference in Bayes loss is included.
    """
    for name in names:
        here = reports[name]
        lecture = lectures[here["lecture"]]
        counterpart = lecture.counterpart(name)
        there = reports.get(counterpart or "")
        if counterpart is None or there is None or min(here["count"], there["count"]) < ENOUGH:
            continue
        metric = lecture.headline
        yield Comparison(
            kind="held_out",
            lecture=here["lecture"],
            experiment=here["experiment"],
            variant=here["variant"],
            rival=counterpart,
            split=here["split"],
            metric=metric,
            ensemble=False,
            difference=rounded(here["mean"][metric] - there["mean"][metric]),
            standard_error=None,
            verdict=None,
            sd=both(here["sd"], there["sd"], metric, hypot),
            bayes=both(here["bayes"], there["bayes"], metric, sub),
        )


def both(
    here: Metrics | None, there: Metrics | None, metric: str, combine: Callable[..., float]
) -> float | None:
    """Combine one metric of two models, if both have it."""
    one, other = (here or {}).get(metric), (there or {}).get(metric)
    return None if one is None or other is None else rounded(combine(one, other))
