"""Regressors against their libraries used as the documentation has it."""

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

from tests.models.regressors import (
    ASKED,
    FIRST,
    KINDS,
    ROWS,
    Kind,
    answers,
    fitted,
    symbols,
    targets,
    vectors,
)


def plain(rows: Tensor) -> NDArray[np.float32]:
    """As the libraries read them."""
    found = rows if rows.is_floating_point() else rows - FIRST
    return found.numpy().astype(np.float32)


def drawn(seed: int = 4) -> int:
    """What a fit draws first from a seed."""
    torch.manual_seed(seed)
    return int(torch.randint(1 << 31, ()))


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
