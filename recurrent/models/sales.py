"""Entity embeddings of categorical variables (Guo and Berkhahn 2016), as lesson 6 presents them.

A row holds the index of one symbol per column, and no two columns share symbols. The target is the
logarithm of the sales divided by the largest one, so it is between 0 and 1. Two networks learn it:
one has a vector for each level, the other reads one-hot levels. Nearest neighbours, a random forest
and boosted trees are fitted by their libraries, on the levels or on a network's vectors.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import State
from recurrent.models.fast import Embedding, one_hot_matmul

INITIAL = 0.05  # bound of the embeddings before training
ROWS_AT_ONCE = 1024  # rows that a forest predicts in one pass

Features = NDArray[np.float32]  # (rows, width)


class DenseLayers(nn.Sequential):
    """relu(W x + b), layer by layer; then one number between 0 and 1."""

    def __init__(self, *sizes: int) -> None:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        super().__init__(*layers, nn.Linear(sizes[-1], 1), nn.Sigmoid())


class EntityEmbeddings(base.Model):
    """A vector for each level; a row is the concatenation of its levels' vectors."""

    class Settings(base.Settings):
        widths: list[PositiveInt] = Field(min_length=1)  # of the vectors, column by column
        hidden: list[PositiveInt] = Field(min_length=1)  # layer by layer

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        # One table for all columns; a column uses the first `width` numbers of its vectors.
        self.vectors = Embedding(inputs, max(settings.widths))
        nn.init.uniform_(self.vectors.weight, -INITIAL, INITIAL)
        self.layers = DenseLayers(sum(settings.widths), *settings.hidden)

    def embedded(self, ids: Tensor) -> Tensor:
        refuse_vectors(ids)
        if ids.shape[1] != len(self.settings.widths):
            raise PipelineError(
                f"widths has {len(self.settings.widths)} entries for {ids.shape[1]} columns.",
                where="params.yaml: model EntityEmbeddings: settings: widths",
                remedy="Give one width for each column of the dataset.",
            )
        columns = zip(self.vectors(ids).unbind(dim=1), self.settings.widths, strict=True)
        return torch.cat([vectors[:, :width] for vectors, width in columns], dim=1)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        return self.layers(self.embedded(ids)), None


class OneHotEntities(base.Model):
    """The same network without embeddings: its first layer reads the levels one-hot."""

    class Settings(base.Settings):
        hidden: list[PositiveInt] = Field(min_length=1)

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        first, *others = settings.hidden
        self.of_symbol = Embedding(inputs, first)  # the first layer's weights, transposed
        nn.init.uniform_(self.of_symbol.weight, -(inputs**-0.5), inputs**-0.5)  # as nn.Linear does
        self.bias = nn.Parameter(torch.zeros(first))
        self.layers = DenseLayers(first, *others)

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        refuse_vectors(ids)
        # The one-hot vectors of a row's columns are added, and so are their products.
        row = one_hot_matmul(ids, self.of_symbol.weight).sum(dim=1) + self.bias
        return self.layers(row.relu()), None


def refuse_vectors(ids: Tensor) -> None:
    """Refuse rows of a network's vectors where levels are expected."""
    if ids.is_floating_point():
        raise PipelineError(
            "this network reads levels, but the dataset holds a network's vectors.",
            where="params.yaml: model of module sales",
            remedy="Use the dataset that the vectors were made from (see `embedded`).",
        )


class FittedRegressor(base.FittedModel):
    """A library's regressor. It reads levels, numbered from 0 in each column, or vectors."""

    arrays: ClassVar[dict[str, torch.dtype]]  # what `_fit` returns
    first: Tensor  # the smallest symbol of each column; empty for vectors

    def __init__(self, inputs: int, outputs: int, settings: base.Settings) -> None:
        super().__init__(inputs, outputs, settings)
        for name, dtype in {"first": torch.int64, **self.arrays}.items():
            self.register_buffer(name, torch.zeros(0, dtype=dtype))

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        if not ids.is_floating_point():
            self.first = ids.amin(dim=0)
        for name, array in self._fit(self._features(ids), labels.numpy()).items():
            self.register_buffer(name, torch.from_numpy(array).to(self.arrays[name]))

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        targets = self._predict(self._features(ids)).astype(np.float32)
        return torch.from_numpy(targets).to(ids.device)[:, None], None

    def _features(self, ids: Tensor) -> Features:
        rows = ids if ids.is_floating_point() else ids - self.first
        features: Features = rows.cpu().numpy().astype(np.float32)
        return features

    def _fit(self, rows: Features, targets: Features) -> Mapping[str, NDArray[Any]]:
        """Return the arrays that `_predict` needs."""
        raise NotImplementedError

    def _predict(self, rows: Features) -> NDArray[np.floating]:
        """Return one number per row."""
        raise NotImplementedError


class NearestNeighbours(FittedRegressor):
    """The mean of the nearest rows, weighted by 1 / distance.

    Rows are normalised to length 1; the distance is the sum of absolute differences.
    """

    class Settings(base.Settings):
        neighbours: PositiveInt

    arrays: ClassVar = {"rows": torch.float32, "shares": torch.float32}
    rows: Tensor
    shares: Tensor

    def _fit(self, rows: Features, targets: Features) -> Mapping[str, NDArray[Any]]:
        from sklearn.preprocessing import normalize

        if len(rows) < self.settings.neighbours:
            raise PipelineError(
                f"{self.settings.neighbours:,} neighbours are more than the {len(rows):,} rows.",
                where="params.yaml: model NearestNeighbours: settings: neighbours",
                remedy="Lower `neighbours`.",
            )
        return {"rows": normalize(rows), "shares": targets}

    def _predict(self, rows: Features) -> NDArray[np.floating]:
        from sklearn.neighbors import KNeighborsRegressor
        from sklearn.preprocessing import normalize

        nearest = KNeighborsRegressor(
            self.settings.neighbours, weights="distance", metric="manhattan"
        ).fit(self.rows.cpu().numpy(), self.shares.cpu().numpy())
        targets: NDArray[np.floating] = nearest.predict(normalize(rows))
        return targets


class Forest(FittedRegressor):
    """A random forest: the mean of trees that are each grown on a bootstrap sample.

    All nodes are in one array, tree by tree, in the order in which scikit-learn grew them. So the
    left child of a node is the next node.
    """

    class Settings(base.Settings):
        trees: PositiveInt
        depth: PositiveInt

    arrays: ClassVar = {
        "roots": torch.int32,
        "feature": torch.int16,  # negative in a leaf
        "threshold": torch.float64,
        "right": torch.int32,  # child
        "value": torch.float32,
    }
    roots: Tensor
    feature: Tensor
    threshold: Tensor
    right: Tensor
    value: Tensor

    def _fit(self, rows: Features, targets: Features) -> Mapping[str, NDArray[Any]]:
        from sklearn.ensemble import RandomForestRegressor

        settings = self.settings
        forest = RandomForestRegressor(
            settings.trees, max_depth=settings.depth, random_state=draw_seed()
        ).fit(rows, targets)
        trees = [estimator.tree_ for estimator in forest.estimators_]
        for tree in trees:
            inner = np.flatnonzero(tree.feature >= 0)
            assert (tree.children_left[inner] == inner + 1).all()
        sizes = np.array([tree.node_count for tree in trees])
        roots = sizes.cumsum() - sizes
        return {
            "roots": roots,
            "feature": np.concatenate([tree.feature for tree in trees]),
            "threshold": np.concatenate([tree.threshold for tree in trees]),
            "right": np.concatenate([tree.children_right for tree in trees]) + roots.repeat(sizes),
            "value": np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        }

    def _predict(self, rows: Features) -> NDArray[np.floating]:
        parts = [self._mean(part) for part in torch.from_numpy(rows).split(ROWS_AT_ONCE)]
        targets: NDArray[np.floating] = torch.cat(parts).numpy()
        return targets

    def _mean(self, rows: Tensor) -> Tensor:
        """Send all rows down all trees, one level at a time."""
        roots, features, threshold, right, value = (self.get_buffer(n).cpu() for n in self.arrays)
        node = roots.long().expand(len(rows), -1)  # (rows, trees)
        while ((feature := features[node].long()) >= 0).any():
            goes_left = rows.gather(1, feature.clamp(min=0)).double() <= threshold[node]
            child = torch.where(goes_left, node + 1, right[node].long())
            node = torch.where(feature < 0, node, child)
        return value[node].double().mean(dim=1)


class BoostedTrees(FittedRegressor):
    """XGBoost: each tree corrects the trees before it, on a share of the rows and columns."""

    class Settings(base.Settings):
        rounds: PositiveInt
        depth: PositiveInt
        learning_rate: Annotated[float, Field(gt=0, le=1)]
        share: Annotated[float, Field(gt=0, le=1)] = 1.0

    arrays: ClassVar = {"trees": torch.uint8}  # in XGBoost's own format
    trees: Tensor

    def _fit(self, rows: Features, targets: Features) -> Mapping[str, NDArray[Any]]:
        import xgboost

        options = {
            "max_depth": self.settings.depth,
            "eta": self.settings.learning_rate,
            "subsample": self.settings.share,
            "colsample_bytree": self.settings.share,
            "seed": draw_seed(),
            "nthread": 1,
        }
        booster = xgboost.train(options, xgboost.DMatrix(rows, targets), self.settings.rounds)
        return {"trees": np.array(booster.save_raw("ubj"))}

    def _predict(self, rows: Features) -> NDArray[np.floating]:
        import xgboost

        booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(self.trees.cpu().numpy()))
        targets: NDArray[np.floating] = booster.predict(xgboost.DMatrix(rows))
        return targets


def draw_seed() -> int:
    """Draw a library's seed from PyTorch's generator, so that the run's seed decides it."""
    return int(torch.randint(1 << 31, ()))
