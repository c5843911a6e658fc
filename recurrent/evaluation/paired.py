"""A network against the best model without one, on the same records, with its standard error."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from recurrent.config import Params
from recurrent.evaluation.measured import Measured

SURE = 0.975  # of a difference's sign, from which it is one


def against_baselines(
    settings: Params, measured: Mapping[str, Measured], named: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """By experiment: its rival, and how it compares, seed by seed and with its seeds together.

    The rival is the one that a lecture names, or else the best model without a network.
    """
    compared: dict[str, dict[str, Any]] = {}
    for name, ours in measured.items():
        rivals = [other for other in measured if is_baseline_of(name, other, settings, measured)]
        if named.get(name) in measured:
            rivals = [named[name]]
        if not rivals or name in rivals:
            continue
        best = max(rivals, key=lambda other: float(measured[other].merit.mean()))
        theirs = measured[best]
        # Windows leave out a few characters that a model which reads on is asked for.
        _, here, there = np.intersect1d(ours.records, theirs.records, return_indices=True)
        if len(here) < 2:  # of one record no error is known
            continue
        compared[name] = {
            "baseline": best,
            "seeds": difference(ours.merit[here], theirs.merit[there], ours.block),
        }
        if ours.together is not None:  # against its seeds together as well, where it has several
            merit = theirs.merit if theirs.together is None else theirs.together
            compared[name]["together"] = difference(ours.together[here], merit[there], ours.block)
    return compared


def is_baseline_of(
    name: str, other: str, settings: Params, measured: Mapping[str, Measured]
) -> bool:
    """Whether `other` is a model with a closed form, measured on the same records."""
    ours, theirs = settings.experiments[name], settings.experiments[other]
    if theirs.training.kind != "closed_form" or ours.task != theirs.task:
        return False
    if measured[name].report["protocol"].startswith("its training text"):  # memory beats all there
        return False
    ground = measured[name].ground
    return ground == measured[other].ground and (bool(ground) or ours.dataset == theirs.dataset)


def difference(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], block: int = 1
) -> dict[str, float]:
    """The mean difference over the records and its standard error: both saw the same ones.

    Neighbours in blocks count as one record, as they are not independent of each other.
    """
    differences = ours - theirs
    block = max(1, min(block, len(differences) // 2))
    blocks = len(differences) // block
    means = differences[: blocks * block].reshape(blocks, block).mean(axis=1)
    error = float(means.std(ddof=1) / np.sqrt(blocks))
    return {"difference": float(differences.mean()), "standard_error": error, "blocks": blocks}


def verdict(baseline: str, compared: Mapping[str, float]) -> str:
    """beats, level with, or behind: a difference within two standard errors is none.

    Of few blocks the error itself is uncertain, and it takes more of them (Student's t).
    """
    gap, error = compared["difference"], compared["standard_error"]
    word = "level with"
    if abs(gap) > max(2.0, float(t.ppf(SURE, compared["blocks"] - 1))) * error:
        word = "beats" if gap > 0 else "behind"
    return f"{word} {baseline} ({gap:+.4f} ± {error:.4f})"
