"""What predicts a number from a row without a network: neighbours, a forest, boosted trees (A10).

All are fitted by their libraries and answer through the same contract as the networks. A row of
symbols is read as each column's levels, numbered from 0; one of a network's vectors as it is.
"""

from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor

from stages.models import contract
from stages.models.contract import State

Rows = NDArray[np.float32]
AT_ONCE = 1024  # rows that go down the trees together


class Regressor(contract.Model):
    """Rows as numbers, and one number a row as the answer."""

    class Settings(contract.Settings):
        columns: NonNegativeInt = 0  # found by fit

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.first: Tensor  # the smallest symbol of each column
        self.register_buffer("first", torch.zeros(settings.columns, dtype=torch.int64))

    def numbers(self, ids: Tensor) -> Rows:
        """Rows of levels from 0, or of a network's vectors."""
        rows = ids if ids.is_floating_point() else ids - self.first
        found: Rows = rows.cpu().numpy().astype(np.float32)
        return found

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        shares = self.predict(self.numbers(ids)).astype(np.float32)
        return torch.from_numpy(shares).to(ids.device)[:, None], None

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        self.first = ids.amin(dim=0).long() if not ids.is_floating_point() else self.first
        found = {"columns": len(self.first), **self.learn(self.numbers(ids), labels.numpy())}
        self.settings = self.settings.model_copy(update=found)

    def learn(self, rows: Rows, shares: Rows) -> dict[str, int]:
        """Fill the buffers; their sizes, as settings."""
        raise NotImplementedError

    def predict(self, rows: Rows) -> NDArray[np.floating]:
        """One number a row."""
        raise NotImplementedError


class NearestNeighbours(Regressor):
    """The mean of the nearest rows, the nearer the heavier: by the sum of differences between
    rows of length 1.
    """

    class Settings(Regressor.Settings):
        neighbours: PositiveInt
        rows: NonNegativeInt = 0  # found by fit
        width: NonNegativeInt = 0

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self._keep(np.zeros((settings.rows, settings.width)), np.zeros(settings.rows))

    def _keep(self, rows: NDArray[np.floating], shares: NDArray[np.floating]) -> None:
        self.rows: Tensor
        self.register_buffer("rows", torch.from_numpy(rows.astype(np.float32)))
        self.shares: Tensor
        self.register_buffer("shares", torch.from_numpy(shares.astype(np.float32)))

    def learn(self, rows: Rows, shares: Rows) -> dict[str, int]:
        from sklearn.preprocessing import normalize

        self._keep(normalize(rows), shares)
        return {"rows": len(rows), "width": rows.shape[1]}

    def predict(self, rows: Rows) -> NDArray[np.floating]:
        from sklearn.neighbors import KNeighborsRegressor
        from sklearn.preprocessing import normalize

        nearest = KNeighborsRegressor(
            self.settings.neighbours, weights="distance", metric="manhattan"
        ).fit(self.rows.cpu().numpy(), self.shares.cpu().numpy())
        found: NDArray[np.floating] = nearest.predict(normalize(rows))
        return found


class Forest(Regressor):
    """The mean of trees, each grown on rows drawn with replacement.

    A tree's nodes stand in the order in which it was grown: to the left of a node goes the next.
    """

    class Settings(Regressor.Settings):
        trees: PositiveInt
        depth: PositiveInt
        nodes: NonNegativeInt = 0  # of all trees: found by fit

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        none, trees = np.zeros(settings.nodes), np.zeros(settings.trees)
        self._keep(roots=trees, feature=none, threshold=none, right=none, value=none)

    def _keep(self, **arrays: NDArray[np.floating | np.integer]) -> None:
        kinds = {"roots": "i4", "feature": "i2", "threshold": "f8", "right": "i4", "value": "f4"}
        for name, array in arrays.items():
            self.register_buffer(name, torch.from_numpy(array.astype(kinds[name])))

    def learn(self, rows: Rows, shares: Rows) -> dict[str, int]:
        from sklearn.ensemble import RandomForestRegressor

        drawn = int(torch.randint(1 << 31, ()))  # of the seed that training has set
        forest = RandomForestRegressor(
            self.settings.trees, max_depth=self.settings.depth, random_state=drawn
        ).fit(rows, shares)
        trees = [one.tree_ for one in forest.estimators_]
        sizes = np.array([tree.node_count for tree in trees])
        roots = sizes.cumsum() - sizes
        for tree in trees:
            inner = np.flatnonzero(tree.feature >= 0)
            assert (tree.children_left[inner] == inner + 1).all()
        self._keep(
            roots=roots,
            feature=np.concatenate([tree.feature for tree in trees]),
            threshold=np.concatenate([tree.threshold for tree in trees]),
            right=np.concatenate(
                [tree.children_right + root for tree, root in zip(trees, roots, strict=True)]
            ),
            value=np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        )
        return {"nodes": int(sizes.sum())}

    def predict(self, rows: Rows) -> NDArray[np.floating]:
        parts = [self._mean(part) for part in torch.from_numpy(rows).split(AT_ONCE)]
        found: NDArray[np.floating] = torch.cat(parts).numpy()
        return found

    def _mean(self, rows: Tensor) -> Tensor:
        """All rows down all trees, a level at a time."""
        feature, threshold = self.get_buffer("feature").cpu(), self.get_buffer("threshold").cpu()
        right, value = self.get_buffer("right").cpu(), self.get_buffer("value").cpu()
        at = self.get_buffer("roots").cpu().long().expand(len(rows), -1)
        while (feature[at] >= 0).any():
            asked = feature[at].long()
            goes_left = rows.gather(1, asked.clamp(min=0)).double() <= threshold[at]
            at = torch.where(asked < 0, at, torch.where(goes_left, at + 1, right[at].long()))
        return value[at].double().mean(dim=1)


class BoostedTrees(Regressor):
    """Trees that each mend what those before them left, on a share of the rows and columns."""

    class Settings(Regressor.Settings):
        rounds: PositiveInt
        depth: PositiveInt
        rate: Annotated[float, Field(gt=0, le=1)]
        share: Annotated[float, Field(gt=0, le=1)] = 1.0
        size: NonNegativeInt = 0  # bytes of the trees, in XGBoost's own format: found by fit

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.trees: Tensor
        self.register_buffer("trees", torch.zeros(settings.size, dtype=torch.uint8))

    def learn(self, rows: Rows, shares: Rows) -> dict[str, int]:
        import xgboost

        wanted = {
            "max_depth": self.settings.depth,
            "eta": self.settings.rate,
            "subsample": self.settings.share,
            "colsample_bytree": self.settings.share,
            "seed": int(torch.randint(1 << 31, ())),  # of the seed that training has set
            "nthread": 1,
        }
        booster = xgboost.train(wanted, xgboost.DMatrix(rows, shares), self.settings.rounds)
        self.trees = torch.frombuffer(booster.save_raw("ubj"), dtype=torch.uint8).clone()
        return {"size": len(self.trees)}

    def predict(self, rows: Rows) -> NDArray[np.floating]:
        import xgboost

        booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(self.trees.cpu().numpy()))
        found: NDArray[np.floating] = booster.predict(xgboost.DMatrix(rows))
        return found
