"""The training curves of a lecture as one table, for `dvc plots show` and `dvc plots diff`."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

CURVES = ("train_loss", "valid_loss", "gradient_norm")


def curves(history: Path, experiments: Iterable[str]) -> pd.DataFrame:
    """The mean over the seeds, epoch by epoch: a line an experiment and epoch."""
    found = []
    for name in experiments:
        path = history / f"{name}.csv"
        if not path.exists():
            continue
        of_seeds = pd.read_csv(path)
        if of_seeds["epoch"].nunique() < 2:  # learnt in one call: no curve
            continue
        columns = [column for column in CURVES if column in of_seeds]
        mean = of_seeds.groupby("epoch", as_index=False)[columns].mean()
        found.append(mean.assign(experiment=name)[["experiment", "epoch", *columns]])
    return pd.concat(found) if found else pd.DataFrame(columns=["experiment", "epoch", *CURVES])
