"""A network against the best model without one, on the same records, with its standard error."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.params import Experiment, Params

Right = NDArray[np.float64]  # for each test record, the share of the seeds that are right
CLEAR = 2.0  # standard errors from which a difference is one


def against_baselines(
    settings: Params, right: Mapping[str, Right], together: Mapping[str, Right]
) -> dict[str, dict[str, Any]]:
    """By experiment: its rival, and how it compares, seed by seed and with its seeds together."""
    compared: dict[str, dict[str, Any]] = {}
    for name, experiment in settings.experiments.items():
        rivals = [other for other in right if is_baseline_of(experiment, settings, other)]
        if not rivals or name in rivals:
            continue
        best = max(rivals, key=lambda other: float(right[other].mean()))
        compared[name] = {"baseline": best, "seeds": difference(right[name], right[best])}
        if name in together:
            compared[name]["together"] = difference(together[name], right[best])
    return compared


def is_baseline_of(experiment: Experiment, settings: Params, other: str) -> bool:
    """Whether `other` is a model with a closed form on the same dataset."""
    rival = settings.experiments[other]
    return rival.dataset == experiment.dataset and rival.training.kind == "closed_form"


def difference(ours: Right, theirs: Right) -> dict[str, float]:
    """The mean difference over the records and its standard error: both saw the same ones."""
    differences = ours - theirs
    error = float(differences.std(ddof=1) / np.sqrt(len(differences)))
    return {"difference": float(differences.mean()), "standard_error": error}


def verdict(baseline: str, compared: Mapping[str, float]) -> str:
    """beats, level with, or behind: a difference within two standard errors is none."""
    gap, error = compared["difference"], compared["standard_error"]
    word = "level with"
    if abs(gap) > CLEAR * error:
        word = "beats" if gap > 0 else "behind"
    return f"{word} {baseline} ({gap:+.4f} ± {error:.4f})"
