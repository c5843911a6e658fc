"""Find a metric in a training history, at an epoch, for each seed."""

from pathlib import Path
from statistics import median

from recurrent.evaluation.aggregate import perplexity
from recurrent.tracking.history import read_history


def at_epoch(path: Path, variant: str, metric: str, epoch: int, last: int = 1) -> dict[int, float]:
    """Return the median of the last epochs up to one, by seed.

    A perplexity is computed from the loss of the same name. The result is empty if the history has
    no such metric, or if a seed has fewer epochs.
    """
    history = read_history(path)
    logged = metric.replace("perplexity", "loss")
    if logged not in history:
        return {}
    of_variant = history[history["variant"] == variant].dropna(subset=[logged])
    within = of_variant[of_variant["epoch"].between(epoch - last + 1, epoch)]
    by_seed = {
        int(seed): [float(value) for value in values]
        for seed, values in within.groupby("seed")[logged]
    }
    if not by_seed or min(map(len, by_seed.values())) < last:
        return {}
    if logged != metric:
        by_seed = {seed: [perplexity(loss) for loss in losses] for seed, losses in by_seed.items()}
    return {seed: median(values) for seed, values in by_seed.items()}
