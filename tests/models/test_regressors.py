"""Regressors against their libraries used as the documentation has it; saved is restored."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from torch import Tensor

from stages.common.errors import PipelineError
from stages.models import contract
from stages.models.regressors import AT_ONCE

ROWS, ASKED = 300, AT_ONCE + 30  # more than go down the trees together
FIRST = torch.tensor([1, 9, 15, 20])  # each column's first symbol
MODELS: dict[str, dict[str, Any]] = {
    "NearestNeighbours": {"neighbours": 5},
    "Forest": {"trees": 7, "depth": 6},
    "BoostedTrees": {"rounds": 12, "depth": 3, "rate": 0.3, "share": 0.6},
}
EACH = pytest.mark.parametrize("name", MODELS)
Reference = Callable[[NDArray[np.float32]], NDArray[np.floating[Any]]]


def symbols(rows: int, seed: int) -> Tensor:
    """A symbol a column; the first row has each column's first."""
    torch.manual_seed(seed)
    levels = torch.stack([torch.randint(n, (rows,)) for n in (8, 6, 5, 2)], dim=1)
    levels[0] = 0
    return levels + FIRST


def vectors(rows: int, seed: int) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(rows, 5)


KINDS = pytest.mark.parametrize("kind", [symbols, vectors])
Kind = Callable[[int, int], Tensor]


def targets(rows: Tensor) -> Tensor:
    """Something to learn, and something that cannot be."""
    torch.manual_seed(9)
    return (rows.float().sin().sum(dim=1) / 8 + 0.5 + 0.02 * torch.randn(len(rows))).float()


def plain(rows: Tensor) -> NDArray[np.float32]:
    """As the libraries read them."""
    found = rows if rows.is_floating_point() else rows - FIRST
    return found.numpy().astype(np.float32)


def fitted(
    name: str, rows: Tensor, seed: int = 4, like: Tensor | None = None, **changes: Any
) -> contract.Model:
    """From a seed, on the targets of these rows, or of those that they are like."""
    spec = {"module": "regressors", "name": name, "inputs": 22, "outputs": 1}
    model = contract.build({**spec, "settings": {**MODELS[name], **changes}})
    shares = targets(rows if like is None else like)
    torch.manual_seed(seed)
    model.fit(rows, shares)
    return model.eval()


def drawn(seed: int = 4) -> int:
    """What a fit draws first from a seed."""
    torch.manual_seed(seed)
    return int(torch.randint(1 << 31, ()))


def answers(model: contract.Model, rows: Tensor) -> NDArray[np.float32]:
    shares, state = model(rows)
    assert shares.shape == (len(rows), 1) and shares.dtype == torch.float32 and state is None
    found: NDArray[np.float32] = shares[:, 0].numpy()
    return found


@KINDS
def test_a_forest_is_scikit_learns(kind: Kind) -> None:
    rows, asked = kind(ROWS, 0), kind(ASKED, 1)
    reference = RandomForestRegressor(7, max_depth=6, random_state=drawn())
    reference.fit(plain(rows), targets(rows).numpy())
    found = answers(fitted("Forest", rows), asked)
    np.testing.assert_allclose(found, reference.predict(plain(asked)), rtol=3e-7)
    assert found.std() > 0.05


def test_a_row_on_a_threshold_goes_left_as_in_scikit_learn() -> None:
    rows = symbols(ROWS, 0)
    reference = RandomForestRegressor(7, max_depth=6, random_state=drawn())
    reference.fit(plain(rows), targets(rows).numpy())
    halves = plain(symbols(ASKED, 1)) + np.float32(0.5)  # where thresholds between levels lie
    found = answers(fitted("Forest", rows), torch.from_numpy(halves))
    np.testing.assert_allclose(found, reference.predict(halves), rtol=3e-7)


def test_rows_that_differ_by_a_hair_part_as_in_scikit_learn() -> None:
    one = np.nextafter(np.float32(16), np.float32(17))
    other = np.nextafter(one, np.float32(17))  # nothing lies between them in 32 bits
    rows = torch.tensor([[float(one)], [float(other)]]).repeat(20, 1)
    found = answers(fitted("Forest", rows, like=torch.tensor([[0.0], [2.0]]).repeat(20, 1)), rows)
    assert found[1] - found[0] > 0.05


@KINDS
def test_neighbours_are_scikit_learns_on_rows_of_length_1(kind: Kind) -> None:
    rows, asked = kind(ROWS, 0), kind(ASKED, 1)
    nearest = KNeighborsRegressor(5, weights="distance", p=1)
    reference = make_pipeline(Normalizer(), nearest)
    reference.fit(plain(rows), targets(rows).numpy())
    found = answers(fitted("NearestNeighbours", rows), asked)
    np.testing.assert_allclose(found, reference.predict(plain(asked)), rtol=1e-6)


def test_the_nearer_a_neighbour_the_heavier_it_is() -> None:
    rows, asked = vectors(ROWS, 0), vectors(40, 1)
    shares = targets(rows).double().numpy()
    known, wanted = (plain(r).astype(np.float64) for r in (rows, asked))
    known /= np.sqrt((known**2).sum(axis=1, keepdims=True))
    wanted /= np.sqrt((wanted**2).sum(axis=1, keepdims=True))
    away = np.abs(wanted[:, None] - known).sum(axis=2)
    nearest = np.argsort(away, axis=1)[:, :5]
    weights = 1 / np.take_along_axis(away, nearest, axis=1)
    expected = (weights * shares[nearest]).sum(axis=1) / weights.sum(axis=1)
    np.testing.assert_allclose(answers(fitted("NearestNeighbours", rows), asked), expected, 1e-4)


def test_a_row_that_was_there_answers_for_itself() -> None:
    rows = vectors(ROWS, 0)
    found = answers(fitted("NearestNeighbours", rows), rows)
    np.testing.assert_allclose(found, targets(rows).numpy(), rtol=1e-6)


def test_more_neighbours_than_rows_are_refused() -> None:
    rows = vectors(20, 0)
    fitted("NearestNeighbours", rows, neighbours=20)
    with pytest.raises(PipelineError, match=r"neighbours: 20 rows have no 21 neighbours\. Ask for"):
        fitted("NearestNeighbours", rows, neighbours=21)


@KINDS
@pytest.mark.parametrize("share", [1.0, 0.6])
def test_boosted_trees_are_xgboosts(kind: Kind, share: float) -> None:
    rows, asked = kind(ROWS, 0), kind(ASKED, 1)
    wanted = {"max_depth": 3, "eta": 0.3, "subsample": share, "colsample_bytree": share}
    booster = xgboost.train(
        {**wanted, "seed": drawn(), "nthread": 1},
        xgboost.DMatrix(plain(rows), targets(rows).numpy()),
        num_boost_round=12,
    )
    expected = booster.predict(xgboost.DMatrix(plain(asked)))
    found = answers(fitted("BoostedTrees", rows, share=share), asked)
    np.testing.assert_array_equal(found, expected)
    assert found.std() > 0.05


@EACH
@KINDS
def test_what_is_saved_answers_the_same_bits_restored(
    name: str, kind: Kind, tmp_path: Path
) -> None:
    model, asked = fitted(name, kind(ROWS, 0)), kind(50, 1)
    contract.save(model, tmp_path / "seed")
    restored = contract.restore(json.loads(json.dumps(model.spec())), tmp_path / "seed")
    np.testing.assert_array_equal(answers(restored, asked), answers(model, asked))
    contract.save(restored, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "seed").read_bytes()


@EACH
def test_each_seed_has_arrays_of_its_own_size(name: str, tmp_path: Path) -> None:
    """One spec goes with the weights of all seeds: here one of half as many rows."""
    small, large = (fitted(name, vectors(rows, 0)) for rows in (ROWS // 2, ROWS))
    contract.save(small, tmp_path / "seed")
    restored = contract.restore(large.spec(), tmp_path / "seed")
    asked = vectors(ASKED, 1)
    np.testing.assert_array_equal(answers(restored, asked), answers(small, asked))


@EACH
def test_arrays_of_another_type_are_refused(name: str, tmp_path: Path) -> None:
    model = fitted(name, vectors(ROWS, 0))
    array = next(iter(type(model).kinds))
    model.register_buffer(array, model.get_buffer(array).to(torch.float16))
    contract.save(model, tmp_path / "seed")
    with pytest.raises(PipelineError, match=f"does not hold the weights of {name}"):
        contract.restore(model.spec(), tmp_path / "seed")


@EACH
@KINDS
def test_the_same_seed_is_the_same_bits_and_another_is_not(name: str, kind: Kind) -> None:
    rows = kind(ROWS, 0)
    first, again, another = (fitted(name, rows, seed=seed) for seed in (4, 4, 5))
    assert first.settings == again.settings
    assert same(first, again)
    assert same(first, another) == (name == "NearestNeighbours"), "it alone draws nothing"


def same(one: contract.Model, other: contract.Model) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(
        torch.equal(mine[name], theirs[name]) for name in mine
    )


@EACH
def test_symbols_are_read_as_levels_wherever_their_numbers_begin(name: str) -> None:
    rows, asked, moved = symbols(ROWS, 0), symbols(50, 1), torch.tensor([0, 3, 100, 7])
    model = fitted(name, rows)
    other = fitted(name, rows + moved, like=rows)
    np.testing.assert_array_equal(answers(model, asked), answers(other, asked + moved))
    assert not np.array_equal(answers(model, asked), answers(other, asked)), "it reads symbols"
    assert other.get_buffer("first").tolist() == (FIRST + moved).tolist()


@EACH
def test_numbers_are_read_as_they_are(name: str) -> None:
    rows = vectors(ROWS, 0)
    model = fitted(name, rows)
    assert not len(model.get_buffer("first"))
    levels = (rows * 4).round().long()
    assert not np.array_equal(answers(model, levels.float()), answers(model, rows))


@EACH
def test_a_row_answers_alone_as_among_others(name: str) -> None:
    asked = symbols(40, 1)
    model = fitted(name, symbols(ROWS, 0))
    alone = [answers(model, row[None])[0] for row in asked]
    np.testing.assert_allclose(alone, answers(model, asked), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("NearestNeighbours", {"neighbours": 0}),
        ("Forest", {"trees": 0}),
        ("Forest", {"depth": 0}),
        ("BoostedTrees", {"rounds": 0}),
        ("BoostedTrees", {"depth": 0}),
        ("BoostedTrees", {"rate": 0.0}),
        ("BoostedTrees", {"rate": 1.5}),
        ("BoostedTrees", {"share": 0.0}),
        ("BoostedTrees", {"share": 1.5}),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, change: dict[str, Any]) -> None:
    with pytest.raises(PipelineError, match=f"model {name}: settings: {next(iter(change))}"):
        fitted(name, vectors(20, 0), **change)
