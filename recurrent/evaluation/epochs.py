"""Find a metric in a training history, at an epoch, for each seed."""

import pandas as pd

from recurrent.evaluation.aggregate import perplexity


def at_epoch(
    history: pd.DataFrame, variant: str, metric: str, epoch: int, last: int = 1
) -> dict[int, float]:
    """Return the median of the last epochs up to one, by seed.

    A perplexity is computed from the loss of the same name. The result is empty if the history has
    no such metric, or if one of the variant's seeds lacks one of these epochs.
    """
    logged = metric.replace("perplexity", "loss")
    if logged not in history:
        return {}
    own = history[history["variant"] == variant]
    rows = own[own["epoch"].between(epoch - last + 1, epoch)].dropna(subset=[logged])
    values = rows[logged] if logged == metric else rows[logged].map(perplexity)
    by_seed = values.groupby(rows["seed"]).agg(["median", "size"])
    if len(by_seed) < own["seed"].nunique() or (by_seed["size"] < last).any():
        return {}
    return dict(zip(by_seed.index.tolist(), by_seed["median"].tolist(), strict=True))
