"""Predict sales with a trained variant."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.serving.spec import read_spec

BATCH = 8192  # rows


class Regressor:
    """A trained model of sales. It averages the predictions of its seeds, as the paper does."""

    def __init__(self, folder: Path) -> None:
        spec = read_spec(folder, required="scale")
        about = spec["about"]
        self.scale: float = about["scale"]
        self.levels = levels(about["vocabulary"])
        self.models = [base.restore(spec, base.seed_file(folder, seed)) for seed in spec["seeds"]]

    @torch.inference_mode()
    def predict(self, columns: Mapping[str, Sequence[str]]) -> NDArray[np.float64]:
        """Return the predicted value of each row, given its level of each column."""
        ids = torch.tensor(
            [self._ids(name, columns[name]) for name in self.levels], dtype=torch.int64
        ).T
        of_seeds = [
            torch.cat([model(rows)[0][:, 0].double() for rows in ids.split(BATCH)])
            for model in self.models
        ]
        values = [np.exp(found.numpy() * self.scale) for found in of_seeds]
        mean: NDArray[np.float64] = np.mean(values, axis=0)
        return mean

    def _ids(self, column: str, values: Sequence[str]) -> list[int]:
        """Encode the levels of a column; refuse a level that the training data do not contain."""
        known = self.levels[column]
        for row, value in enumerate(values, start=1):
            if value not in known:
                raise PipelineError(
                    f"the training data do not contain {value!r:.40}.",
                    where=f"column {column}, row {row}",
                    remedy=f"Use one of: {', '.join([*known][:10])}.",
                )
        return [known[value] for value in values]


def levels(vocabulary: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the symbol of each level, by column. The vocabulary has entries `column=level`."""
    found: dict[str, dict[str, int]] = {}
    for symbol, name in enumerate(vocabulary, start=1):  # 0 is padding
        column, _, level = name.partition("=")
        found.setdefault(column, {})[level] = symbol
    return found
