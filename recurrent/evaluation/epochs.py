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
    wanted = (history["variant"] == variant) & history["epoch"].between(epoch - last + 1, epoch)
    rows = history[wanted].dropna(subset=[logged])
    by_seed: dict[int, list[float]] = {}
    for seed, value in zip(rows["seed"], rows[logged], strict=True):
        by_seed.setdefault(int(seed), []).append(value if logged == metric else perplexity(value))
    if any(len(values) < last for values in by_seed.values()):
        return {}
    return {seed: float(median(values)) for seed, values in by_seed.items()}
