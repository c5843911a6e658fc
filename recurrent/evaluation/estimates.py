"""Means over seeds, and the uncertainty of these means and of their differences."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean, variance

from scipy.stats import t

SIDE = 0.975  # of Student's t, for an interval of 95 %


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds, or a plain number."""

    mean: float
    variance: float = 0.0  # of the mean; 0 for a number and for a single seed
    freedom: float = math.inf  # degrees of freedom of that variance
    seeds: int | None = None  # the fewest of the networks involved; None without networks
    models: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()
    by_seed: Mapping[int, float] | None = None  # of a single model

    @classmethod
    def over_seeds(cls, by_seed: Mapping[int, float], model: str, source: str) -> "Estimate":
        """Return the mean of a model's values."""
        values, count = [*by_seed.values()], len(by_seed)
        return cls(
            mean=mean(values),
            variance=variance(values) / count if count > 1 else 0.0,
            freedom=count - 1 if count > 1 else math.inf,
            seeds=count,
            models=(model,),
            sources=frozenset({source}),
            by_seed=by_seed,
        )

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % interval over seeds; 0 if nothing varies.

        It is also 0 if a network has one seed: then the noise of the others is only a part.
        """
        if not self.variance or self.seeds == 1:
            return 0.0
        return float(t.ppf(SIDE, self.freedom)) * math.sqrt(self.variance)

    def minus(self, other: "Estimate") -> "Estimate":
        """Return the difference: seed by seed for the same model, else of independent means.

        The degrees of freedom of independent means are those of Welch and Satterthwaite.
        """
        if self.by_seed and other.by_seed and self.is_paired_with(other):
            by_seed = {seed: value - other.by_seed[seed] for seed, value in self.by_seed.items()}
            (model,), (source,) = self.models, self.sources
            return Estimate.over_seeds(by_seed, model, source)
        total = self.variance + other.variance
        parts = sum(one.variance**2 / one.freedom for one in (self, other) if one.variance)
        counts = [one.seeds for one in (self, other) if one.seeds is not None]
        return Estimate(
            mean=self.mean - other.mean,
            variance=total,
            freedom=total**2 / parts if parts else math.inf,
            seeds=min(counts, default=None),
            models=tuple(dict.fromkeys((*self.models, *other.models))),
            sources=self.sources | other.sources,
        )

    def is_paired_with(self, other: "Estimate") -> bool:
        """Return whether both are values of the same runs."""
        return (
            self.by_seed is not None
            and other.by_seed is not None
            and self.models == other.models
            and self.by_seed.keys() == other.by_seed.keys()
        )
