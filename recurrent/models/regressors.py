"""What predicts a number from a row without a network: neighbours, a forest, boosted trees (A10).

All are fitted by their libraries and answer through the same contract as the networks. A row of
symbols is read as each column's levels, numbered from 0; one of a network's vectors as it is.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.base import State

Rows = NDArray[np.float32]
Found = Mapping[str, NDArray[Any]]
Kinds = Mapping[str, torch.dtype]
AT_ONCE = 1024  # rows that go down the trees together


def take_shapes(model: nn.Module, found: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Before weights are loaded: how large the arrays of a fit are, their file alone says."""
    for name, array in model.named_buffers():
        loaded = found.get(prefix + name)
        if loaded is not None and loaded.dtype == array.dtype:
            model.register_buffer(name, array.new_empty(loaded.shape))


class Regressor(contract.Model):
    """Rows as numbers, and one number a row as the answer."""

    kinds: ClassVar[Kinds] = {}  # of the arrays that fit finds
    first: Tensor  # the smallest symbol of each column

    def __init__(self, inputs: int, outputs: int, settings: contract.Settings) -> None:
        super().__init__(inputs, outputs, settings)
        for name, kind in {"first": torch.int64, **self.kinds}.items():
            self.register_buffer(name, torch.zeros(0, dtype=kind))
        self.register_load_state_dict_pre_hook(take_shapes)  # type: ignore[no-untyped-call]

    def numbers(self, ids: Tensor) -> Rows:
        """Rows of levels from 0, or of a network's vectors."""
        rows = ids if ids.is_floating_point() else ids - self.first
        found: Rows = rows.cpu().numpy().astype(np.float32)
        return found

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        shares = self.predict(self.numbers(ids)).astype(np.float32)
        return torch.from_numpy(shares).to(ids.device)[:, None], None

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        if not ids.is_floating_point():
            self.first = ids.amin(dim=0)
        for name, array in self.learn(self.numbers(ids), labels.numpy()).items():
            self.register_buffer(name, torch.from_numpy(array).to(self.kinds[name]))

    def learn(self, rows: Rows, shares: Rows) -> Found:
        """What `predict` needs: an array of each kind."""
        raise NotImplementedError

    def predict(self, rows: Rows) -> NDArray[np.floating]:
        """One number a row."""
        raise NotImplementedError


class NearestNeighbours(Regressor):
    """The mean of the nearest rows, the nearer the heavier: by the sum of differences between
    rows of length 1.
    """

    class Settings(contract.Settings):
        neighbours: PositiveInt

    kinds: ClassVar[Kinds] = {"rows": torch.float32, "shares": torch.float32}
    rows: Tensor
    shares: Tensor

    def learn(self, rows: Rows, shares: Rows) -> Found:
        from sklearn.preprocessing import normalize

        if len(rows) < self.settings.neighbours:
            raise PipelineError(
                f"{len(rows):,} rows have no {self.settings.neighbours:,} neighbours.",
                where="params.yaml: model NearestNeighbours: settings: neighbours",
                remedy="Ask for fewer.",
            )
        return {"rows": normalize(rows), "shares": shares}

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

    class Settings(contract.Settings):
        trees: PositiveInt
        depth: PositiveInt

    kinds: ClassVar[Kinds] = {
        "roots": torch.int32,
        "feature": torch.int16,  # below 0: none, this is a leaf
        "threshold": torch.float64,
        "right": torch.int32,
        "value": torch.float32,
    }

    def learn(self, rows: Rows, shares: Rows) -> Found:
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
        right = [tree.children_right + root for tree, root in zip(trees, roots, strict=True)]
        return {
            "roots": roots,
            "feature": np.concatenate([tree.feature for tree in trees]),
            "threshold": np.concatenate([tree.threshold for tree in trees]),
            "right": np.concatenate(right),
            "value": np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        }

    def predict(self, rows: Rows) -> NDArray[np.floating]:
        nodes = {name: self.get_buffer(name).cpu() for name in self.kinds}
        parts = [_mean(nodes, part) for part in torch.from_numpy(rows).split(AT_ONCE)]
        found: NDArray[np.floating] = torch.cat(parts).numpy()
        return found


def _mean(nodes: Mapping[str, Tensor], rows: Tensor) -> Tensor:
    """All rows down all trees, a level at a time."""
    at = nodes["roots"].long().expand(len(rows), -1)
    while ((asked := nodes["feature"][at].long()) >= 0).any():
        goes_left = rows.gather(1, asked.clamp(min=0)).double() <= nodes["threshold"][at]
        below = torch.where(goes_left, at + 1, nodes["right"][at].long())
        at = torch.where(asked < 0, at, below)
    return nodes["value"][at].double().mean(dim=1)


class BoostedTrees(Regressor):
    """Trees that each mend what those before them left, on a share of the rows and columns."""

    class Settings(contract.Settings):
        rounds: PositiveInt
        depth: PositiveInt
        rate: Annotated[float, Field(gt=0, le=1)]
        share: Annotated[float, Field(gt=0, le=1)] = 1.0

    kinds: ClassVar[Kinds] = {"trees": torch.uint8}  # in XGBoost's own format
    trees: Tensor

    def learn(self, rows: Rows, shares: Rows) -> Found:
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
        return {"trees": np.array(booster.save_raw("ubj"))}

    def predict(self, rows: Rows) -> NDArray[np.floating]:
        import xgboost

        booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(self.trees.cpu().numpy()))
        found: NDArray[np.floating] = booster.predict(xgboost.DMatrix(rows))
        return found
