"""Our value of a figure that a lecture prints, wherever it is found, and what to say of it."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from recurrent import files, paths
from recurrent.errors import PipelineError
from recurrent.evaluation.aggregate import DECIMALS, over_seeds, perplexity
from recurrent.evaluation.lectures import Figure
from recurrent.tracking.history import read_table

Evaluations = Mapping[str, Mapping[str, Any]]  # what evaluate measured, by experiment
PRINTED_FOR = "upstream"  # the corpora on which the lectures print their figures
NO_CORPUS = "no corpus"  # a computation: what is printed of it holds for whatever the source


def find(figure: Figure, evaluations: Evaluations, metrics: Path) -> dict[str, Any]:
    """Our value of a printed figure and what belongs to it; empty if the experiment is not run."""
    if figure.experiment:
        evaluation = evaluations.get(figure.experiment)
        if evaluation is None:
            return {}
        if figure.prefix is not None:
            return _written(figure, evaluation)
        if figure.epoch is not None:
            found = at_epoch(
                figure.experiment, figure.metric, figure.epoch, evaluation, figure.last
            )
            return found or {
                "source": _source(evaluation["origin"]),
                "missing": f"not run: no {figure.metric} of epoch {figure.epoch}",
            }
        found = of_metric(figure.experiment, evaluations, figure.metric)
        if figure.together and "together" in evaluation:  # else of a single seed: its own
            ours = _measured(figure.experiment, evaluation["together"], figure.metric)
            found |= {"ours": ours}
        return found | ({"spread": None} if figure.together else {})
    path = metrics / str(figure.report)
    if not path.exists():
        return {}
    report = value = files.read_json(path)
    for key in figure.key:
        value = value.get(key) if isinstance(value, dict) else None
    source = _source(report["origin"])
    if value is None:
        return {"source": source, "missing": f"not run: no {'.'.join(figure.key)} in the report"}
    found = _over_draws(value) if isinstance(value, dict) else {"ours": value}
    return {**found, "source": source}


def of_metric(experiment: str, evaluations: Evaluations, metric: str) -> dict[str, Any]:
    """A figure of an evaluation, with its spread, its seeds and its floor."""
    evaluation = evaluations[experiment]
    return {
        "ours": _measured(experiment, evaluation["mean"], metric),
        "spread": evaluation.get("spread", {}).get(metric),
        "seeds": len(evaluation["by_seed"]),
        "floor": (evaluation["floor"] or {}).get(metric),
        "source": _source(evaluation["origin"]),
    }


def _measured(experiment: str, figures: Mapping[str, float], metric: str) -> float:
    """One of the figures that were measured of an experiment; another is a fault."""
    if metric not in figures:
        raise PipelineError(
            f"{experiment} has no {metric!r}, which it asks for.",
            where=str(paths.LECTURES),
            remedy=f"Write one of {', '.join(figures)}.",
        )
    return figures[metric]


def _over_draws(value: Mapping[str, Any]) -> dict[str, Any]:
    """A figure that depends on a random draw, of which the lecture's own is not known."""
    return {
        "ours": round(value["mean"], DECIMALS),
        "spread": round(value["spread"], DECIMALS),
        "seeds": value["seeds"],
        "remark": f" (95 % of draws: {value['low']:.4g} to {value['high']:.4g})",
    }


def at_epoch(
    experiment: str, metric: str, epoch: int, evaluation: Mapping[str, Any], last: int = 1
) -> dict[str, Any]:
    """A metric after an epoch, over the seeds: of each the median of the `last` epochs to there.

    A perplexity is that of the loss of the same name.
    """
    logged = metric.replace("perplexity", "loss")
    by_seed: dict[int, list[float]] = {}
    for seed, row in read_table(paths.history(experiment)):
        if epoch - last < row["epoch"] <= epoch and logged in row:
            value = row[logged]
            by_seed.setdefault(seed, []).append(value if logged == metric else perplexity(value))
    if not by_seed or min(map(len, by_seed.values())) < last:
        return {}
    found = over_seeds({seed: {metric: median(values)} for seed, values in by_seed.items()})
    return {
        "ours": found["mean"][metric],
        "spread": found.get("spread", {}).get(metric),
        "seeds": len(by_seed),
        "source": _source(evaluation["origin"]),
    }


def _written(figure: Figure, evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """What the first seed wrote after a prefix, and how many seeds wrote the same."""
    path = paths.samples(str(figure.experiment))
    by_seed = files.read_json(path).get("by_seed", {}) if path.exists() else {}
    length = len(str(figure.printed))
    texts = [texts[figure.prefix][:length] for texts in by_seed.values() if figure.prefix in texts]
    if not texts:
        return {}
    agreed = f" ({texts.count(texts[0])} of {len(texts)} seeds write this)"
    return {
        "ours": texts[0],
        "seeds": len(texts),
        "source": _source(evaluation["origin"]),
        "remark": agreed if len(texts) > 1 else "",
    }


def _source(origin: Mapping[str, str]) -> str:
    """bundled, upstream, or the file's own name."""
    return origin["name"] if origin["source"] == "own file" else origin["source"]


def verdict(
    figure: Figure,
    ours: float | str | None,
    spread: float | None,
    source: str,
    wanted: str,
    missing: str = "",
) -> str:
    """reproduced, better or not reproduced — or why there is nothing to compare."""
    if source not in (PRINTED_FOR, NO_CORPUS):
        why = "another corpus" if wanted != PRINTED_FOR else "the lecture's corpus could not be had"
        return f"not comparable: {why}"
    if ours is None and missing:
        return missing
    if ours is None:
        return "not run" if wanted != PRINTED_FOR else "not run: the corpus could not be had"
    if figure.void:
        return f"no verdict: {figure.void}"
    if isinstance(figure.printed, str) or isinstance(ours, str):
        return "reproduced" if ours == figure.printed else "not reproduced"
    allowed = max(figure.tolerance, 2 * (spread or 0.0))
    difference = ours - figure.printed
    if round(abs(difference), 9) <= allowed:  # 0.979 - 0.969 is a hair above 0.01
        return "reproduced"
    if figure.better and (difference > 0) == (figure.better == "higher"):
        return "better"
    return "not reproduced"
