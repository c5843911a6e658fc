"""Three ways to clip, from the norms of each parameter's gradient alone.

Algorithm 1 of the lecture rescales all gradients together when their norm passes a threshold:
the step keeps its direction. Clipping each parameter alone changes how long they are beside each
other, and so the direction. The lecture's code, as printed, calls clip_grad_norm_ after its loop
over the parameters: it clips the last parameter, and no other.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Norms = NDArray[np.float64]


class Clipped(NamedTuple):
    """The gradient after clipping: its norm, and the cosine of the angle to what it was."""

    norm: Norms
    cosine: Norms


def together(norms: Norms, threshold: float) -> Clipped:
    """By the norm of all gradients; `norms` is (steps, parameters)."""
    whole = np.linalg.norm(norms, axis=1, keepdims=True)
    return _scaled(norms, np.broadcast_to(_factor(whole, threshold), norms.shape))


def each(norms: Norms, threshold: float) -> Clipped:
    """Each parameter by its own norm."""
    return _scaled(norms, _factor(norms, threshold))


def last(norms: Norms, threshold: float) -> Clipped:
    """The last parameter by its own norm, the others not at all."""
    factors = np.ones_like(norms)
    factors[:, -1] = _factor(norms[:, -1], threshold)
    return _scaled(norms, factors)


def _factor(norms: Norms, threshold: float) -> Norms:
    return np.minimum(1.0, threshold / np.maximum(norms, np.finfo(float).tiny))


def _scaled(norms: Norms, factors: Norms) -> Clipped:
    """A gradient is the sum of its parameters' parts, at right angles to each other."""
    before, after = np.linalg.norm(norms, axis=1), np.linalg.norm(norms * factors, axis=1)
    product = (norms**2 * factors).sum(axis=1)
    lengths = before * after
    cosine = np.divide(product, lengths, out=np.ones_like(product), where=lengths > 0)
    return Clipped(after, cosine)
