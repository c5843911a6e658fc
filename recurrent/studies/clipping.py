"""D2: three ways to clip a gradient, computed from the norm of each parameter's gradient.

Algorithm 1 of the lecture rescales all gradients together when their global norm passes a
threshold, so the step keeps its direction. Clipping each parameter on its own changes their
proportions, so the step changes direction. The lecture's listing calls clip_grad_norm_ after its
loop over the parameters has ended, so it clips only the last parameter.

The norms are sufficient: the whole gradient is the concatenation of its parameters' gradients,
which are orthogonal to each other, so clipping one of them only rescales that part.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Norms = NDArray[np.float64]


class Clipped(NamedTuple):
    """The gradient after clipping: its norm, and the cosine of the angle to the original."""

    norm: Norms  # (steps,)
    cosine: Norms


def by_global_norm(norms: Norms, threshold: float) -> Clipped:
    """Rescale all parameters by the norm of the whole gradient; `norms` is (steps, parameters)."""
    whole = np.linalg.norm(norms, axis=1, keepdims=True)
    return _rescale(norms, np.broadcast_to(_factor(whole, threshold), norms.shape))


def each_parameter(norms: Norms, threshold: float) -> Clipped:
    """Rescale each parameter by its own norm."""
    return _rescale(norms, _factor(norms, threshold))


def last_parameter(norms: Norms, threshold: float) -> Clipped:
    """Rescale only the last parameter, by its own norm, as the lecture's listing does."""
    factors = np.ones_like(norms)
    factors[:, -1] = _factor(norms[:, -1], threshold)
    return _rescale(norms, factors)


WAYS = {"global": by_global_norm, "each": each_parameter, "last": last_parameter}


def table(recorded: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    """Clip recorded gradients in each way, at each threshold."""
    norms = recorded.drop(columns=["seed", "epoch", "step", "total"]).to_numpy(dtype=np.float64)
    tables = []
    for threshold in thresholds:
        columns: dict[str, object] = {
            "threshold": threshold,
            "seed": recorded["seed"],
            "step": recorded["step"],
            "norm": np.linalg.norm(norms, axis=1),
        }
        for way, clip in WAYS.items():
            found = clip(norms, threshold)
            columns |= {f"norm_{way}": found.norm, f"cosine_{way}": found.cosine}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables)


def _factor(norms: Norms, threshold: float) -> Norms:
    return np.minimum(1.0, threshold / np.maximum(norms, np.finfo(float).tiny))


def _rescale(norms: Norms, factors: Norms) -> Clipped:
    before, after = np.linalg.norm(norms, axis=1), np.linalg.norm(norms * factors, axis=1)
    product = (norms**2 * factors).sum(axis=1)
    lengths = before * after
    cosine = np.divide(product, lengths, out=np.ones_like(product), where=lengths > 0)
    return Clipped(after, cosine)
