"""The sales networks against layers of torch.nn; the fitted methods against their libraries."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from torch import Tensor, nn

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.sales import INITIAL, ROWS_AT_ONCE, EntityEmbeddings, OneHotEntities
from tests.models.networks import gradients, network

LEVELS, WIDTHS = (4, 3, 2), (3, 1, 2)  # of each column
FIRST = torch.tensor([1, 5, 8])  # each column's first symbol; 0 is padding
INPUTS = 10
ROWS, ASKED = 300, ROWS_AT_ONCE + 30  # more than go down the trees at once
METHODS: dict[str, dict[str, Any]] = {
    "NearestNeighbours": {"neighbours": 5},
    "Forest": {"trees": 7, "depth": 6},
    "BoostedTrees": {"rounds": 12, "depth": 3, "learning_rate": 0.3, "share": 0.6},
}
EACH = pytest.mark.parametrize("name", METHODS)
KINDS = pytest.mark.parametrize("kind", ["levels", "vectors"])
close = torch.testing.assert_close


def rows_of(kind: str, rows: int, seed: int = 0) -> Tensor:
    """Return rows of symbols, with each column's first one in row 0; or rows of numbers."""
    generator = torch.Generator().manual_seed(seed)
    if kind == "vectors":
        return torch.randn(rows, 5, generator=generator)
    columns = [torch.randint(levels, (rows,), generator=generator) for levels in LEVELS]
    levels = torch.stack(columns, dim=1)
    levels[0] = 0
    return levels + FIRST


def entity_embeddings(*hidden: int) -> EntityEmbeddings:
    model = network("EntityEmbeddings", INPUTS, 1, widths=[*WIDTHS], hidden=[*hidden])
    assert isinstance(model, EntityEmbeddings)
    return model.double()


def one_hot_entities(*hidden: int) -> OneHotEntities:
    model = network("OneHotEntities", INPUTS, 1, hidden=[*hidden])
    assert isinstance(model, OneHotEntities)
    return model.double()


def test_entity_embeddings_concatenate_one_embedding_per_column() -> None:
    model, ids = entity_embeddings(5, 4), rows_of("levels", 40)
    places = [
        (slice(first, first + levels), slice(width))
        for first, levels, width in zip(FIRST.tolist(), LEVELS, WIDTHS, strict=True)
    ]
    columns = [nn.Embedding.from_pretrained(model.vectors.weight[place].data) for place in places]
    side_by_side = torch.cat(
        [column(ids[:, n] - FIRST[n]) for n, column in enumerate(columns)], dim=1
    )
    close(model.embedded(ids), side_by_side, rtol=0, atol=0)
    outputs, _ = model(ids)
    close(outputs, model.layers(side_by_side), rtol=0, atol=0)
    (gradient,) = gradients(outputs, None, [model.vectors.weight])
    for place in places:
        assert gradient[place].any()
        gradient[place] = 0
    assert not gradient.any(), "no column reads beyond its width, and none reads padding"


def test_one_hot_entities_are_a_linear_layer_on_one_hot_rows() -> None:
    model, ids = one_hot_entities(5, 4), rows_of("levels", 40)
    nn.init.normal_(model.bias)
    rows = F.one_hot(ids, INPUTS).sum(dim=1).double()
    expected = model.layers(F.linear(rows, model.of_symbol.weight.T, model.bias).relu())
    outputs, _ = model(ids)
    close(outputs, expected, rtol=0, atol=1e-14)
    found, wanted = (gradients(x, None, model.parameters()) for x in (outputs, expected))
    close(found, wanted, rtol=0, atol=1e-14)


def test_layers_are_relus_and_one_number_between_0_and_1() -> None:
    model = entity_embeddings(5, 4)
    kinds = [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear, nn.Sigmoid]
    assert [type(layer) for layer in model.layers] == kinds
    for weight in model.parameters():
        nn.init.normal_(weight)
    outputs, _ = model(rows_of("levels", 40))
    assert outputs.shape == (40, 1)
    assert 0 <= outputs.min() < outputs.max() <= 1


def test_embeddings_start_small_and_one_hot_weights_as_nn_linears() -> None:
    vectors = network("EntityEmbeddings", 400, 1, widths=[8], hidden=[2]).state_dict()
    assert 0.95 * INITIAL < vectors["vectors.weight"].abs().max() <= INITIAL
    weights = network("OneHotEntities", 400, 1, hidden=[8]).state_dict()["of_symbol.weight"]
    assert 0.95 / 20 < weights.abs().max() <= 1 / 20
    close(weights.std(), nn.Linear(400, 8).weight.std(), rtol=0.05, atol=0)


def test_networks_refuse_other_columns_and_vectors() -> None:
    wrong = network("EntityEmbeddings", INPUTS, 1, widths=[3, 1], hidden=[5])
    with pytest.raises(PipelineError, match=r"widths has 2 entries for 3 columns"):
        wrong(rows_of("levels", 4))
    for model in (entity_embeddings(5), one_hot_entities(5)):
        with pytest.raises(PipelineError, match="holds a network's vectors"):
            model(rows_of("vectors", 4))


@pytest.mark.parametrize(
    ("name", "change", "key"),
    [
        ("EntityEmbeddings", {"widths": [], "hidden": [5]}, "widths"),
        ("EntityEmbeddings", {"widths": [0], "hidden": [5]}, r"widths\.0"),
        ("OneHotEntities", {"hidden": []}, "hidden"),
        ("Forest", {"depth": 0}, "depth"),
        ("BoostedTrees", {"learning_rate": 1.5}, "learning_rate"),
        ("BoostedTrees", {"share": 0.0}, "share"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, change: dict[str, Any], key: str) -> None:
    with pytest.raises(PipelineError, match=f"model {name}: settings: {key}"):
        network(name, INPUTS, 1, **{**METHODS.get(name, {}), **change})


def targets_of(rows: Tensor) -> Tensor:
    """Return numbers that follow from the rows, with noise."""
    noise = torch.randn(len(rows), generator=torch.Generator().manual_seed(9))
    return (rows.float().sin().sum(dim=1) / 8 + 0.5 + 0.02 * noise).float()


def fitted(name: str, rows: Tensor, seed: int = 4, **changes: Any) -> base.Model:
    model = network(name, INPUTS, 1, **{**METHODS[name], **changes})
    torch.manual_seed(seed)
    model.fit(rows, targets_of(rows))
    return model


def predictions(model: base.Model, rows: Tensor) -> NDArray[np.float32]:
    outputs, state = model(rows)
    assert outputs.shape == (len(rows), 1) and outputs.dtype == torch.float32 and state is None
    found: NDArray[np.float32] = outputs[:, 0].numpy()
    return found


def features(rows: Tensor) -> NDArray[np.float32]:
    """Return rows as the libraries read them."""
    return (rows if rows.is_floating_point() else rows - FIRST).numpy().astype(np.float32)


def drawn(seed: int = 4) -> int:
    """Return the seed that a fit draws for its library."""
    torch.manual_seed(seed)
    return int(torch.randint(1 << 31, ()))


@KINDS
def test_a_forest_predicts_as_scikit_learns(kind: str) -> None:
    rows, asked = rows_of(kind, ROWS), rows_of(kind, ASKED, seed=1)
    reference = RandomForestRegressor(7, max_depth=6, random_state=drawn())
    reference.fit(features(rows), targets_of(rows).numpy())
    model = fitted("Forest", rows)
    expected = reference.predict(features(asked))
    np.testing.assert_allclose(predictions(model, asked), expected, rtol=3e-7)
    assert expected.std() > 0.02
    halves = features(asked) + np.float32(0.5)  # thresholds between levels lie there
    found = predictions(model, torch.from_numpy(halves))
    np.testing.assert_allclose(found, reference.predict(halves), rtol=3e-7)


def test_a_forest_compares_in_64_bits_as_scikit_learn() -> None:
    one = np.nextafter(np.float32(16), np.float32(17))
    other = np.nextafter(one, np.float32(17))  # no threshold fits between them in 32 bits
    rows = torch.tensor([[float(one)], [float(other)]]).repeat(20, 1)
    model = network("Forest", INPUTS, 1, trees=7, depth=6)
    model.fit(rows, torch.tensor([0.0, 1.0]).repeat(20))
    found = predictions(model, rows)
    assert found[1] - found[0] > 0.5


@KINDS
def test_neighbours_are_scikit_learns_on_rows_of_length_1(kind: str) -> None:
    rows, asked = rows_of(kind, ROWS), rows_of(kind, ASKED, seed=1)
    nearest = KNeighborsRegressor(5, weights="distance", p=1)
    reference = make_pipeline(Normalizer(), nearest).fit(features(rows), targets_of(rows).numpy())
    found = predictions(fitted("NearestNeighbours", rows), asked)
    np.testing.assert_allclose(found, reference.predict(features(asked)), rtol=1e-6)


def test_more_neighbours_than_rows_are_refused() -> None:
    rows = rows_of("vectors", 20)
    fitted("NearestNeighbours", rows, neighbours=20)
    with pytest.raises(PipelineError, match=r"21 neighbours are more than the 20 rows\. Lower"):
        fitted("NearestNeighbours", rows, neighbours=21)


@KINDS
@pytest.mark.parametrize("share", [1.0, 0.6])
def test_boosted_trees_are_xgboosts(kind: str, share: float) -> None:
    rows, asked = rows_of(kind, ROWS), rows_of(kind, ASKED, seed=1)
    options = {"max_depth": 3, "eta": 0.3, "subsample": share, "colsample_bytree": share}
    booster = xgboost.train(
        {**options, "seed": drawn(), "nthread": 1},
        xgboost.DMatrix(features(rows), targets_of(rows).numpy()),
        num_boost_round=12,
    )
    found = predictions(fitted("BoostedTrees", rows, share=share), asked)
    np.testing.assert_array_equal(found, booster.predict(xgboost.DMatrix(features(asked))))
    assert found.std() > 0.02


@EACH
def test_a_seed_decides_the_fit(name: str) -> None:
    rows = rows_of("vectors", ROWS)
    first, again, other = (fitted(name, rows, seed=seed).state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(first[key], again[key]) for key in first)
    same = all(torch.equal(first[key], other[key]) for key in first)
    assert same == (name == "NearestNeighbours"), "it alone draws nothing"


@EACH
def test_each_seed_may_have_arrays_of_its_own_size(name: str, tmp_path: Path) -> None:
    small, large = (fitted(name, rows_of("vectors", rows)) for rows in (ROWS // 2, ROWS))
    base.save(small, tmp_path / "seed")
    restored, asked = base.restore(large.spec(), tmp_path / "seed"), rows_of("vectors", 50, seed=1)
    np.testing.assert_array_equal(predictions(restored, asked), predictions(small, asked))


@EACH
def test_symbols_are_read_as_levels_counted_from_each_columns_first(name: str) -> None:
    rows, asked = rows_of("levels", ROWS), rows_of("levels", 50, seed=1)
    shift = torch.tensor([0, 3, 100])
    model, shifted = fitted(name, rows), network(name, INPUTS, 1, **METHODS[name])
    torch.manual_seed(4)
    shifted.fit(rows + shift, targets_of(rows))
    np.testing.assert_array_equal(predictions(shifted, asked + shift), predictions(model, asked))
    np.testing.assert_array_equal(
        predictions(model, torch.from_numpy(features(asked))), predictions(model, asked)
    )
