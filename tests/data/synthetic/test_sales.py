import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurrent.data.synthetic import sales

SIGMA = float(sales.VARIANCE / sales.UNITS) ** 0.5  # of the noise, in nats
BAYES_ERROR = 0.1 * (2 / np.pi) ** 0.5  # mean error of the best predictions, about 8 %


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sales")
    sales.generate(folder, 0, 1)  # the smallest chain
    return folder


@pytest.fixture(scope="module")
def days(folder: Path) -> pd.DataFrame:
    """All rows, each with its state, the state's place and the best prediction."""
    with zipfile.ZipFile(folder / sales.FILE) as archive:
        train, states, places = (
            pd.read_csv(archive.open(name))
            for name in ("train.csv", "store_states.csv", "states.csv")
        )
    found = train.merge(pd.read_csv(folder / sales.BAYES), on=["Store", "Date"])
    return found.merge(states, on="Store").merge(places, on="State")


@pytest.fixture(scope="module")
def sold(days: pd.DataFrame) -> pd.DataFrame:
    return days[days["Open"] == 1]


def errors(sold: pd.DataFrame, factor: float = 1) -> "pd.Series[float]":
    """Return the relative errors of the best predictions times a factor."""
    return (sold["Best"] * factor - sold["Sales"]).abs() / sold["Sales"]


def test_a_seed_gives_the_same_sales_on_every_machine(folder: Path) -> None:
    hashes = [
        hashlib.sha256((folder / file).read_bytes()).hexdigest()
        for file in (sales.FILE, sales.BAYES)
    ]
    assert hashes == [
        "c8222c980e8699184023014002ccdb48105a3237369c9e589bf880982f56f38f",
        "235b2b29d88c732ecac47e0bf936feab9ce0d6fb23538910b1bd2acc0cc64fb9",
    ]


@pytest.mark.parametrize(("size", "stores"), [(1, 24), (249, 24), (250, 25), (309, 30)])
def test_the_size_counts_days_of_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, stores: int
) -> None:
    monkeypatch.setattr(sales, "DAYS", 10)
    sales.generate(tmp_path, 1, size)
    assert len(pd.read_csv(tmp_path / sales.BAYES)) == stores * 10


def test_no_constant_factor_improves_the_best_predictions(sold: pd.DataFrame) -> None:
    best = errors(sold)
    assert best.mean() == pytest.approx(BAYES_ERROR, abs=0.002)
    for factor in np.linspace(0.9, 1.1, 41):
        gain = best - errors(sold, float(factor))
        assert gain.mean() <= 3 * gain.std() / len(sold) ** 0.5, factor


def test_what_the_best_predictions_leave_is_noise_of_a_known_size(sold: pd.DataFrame) -> None:
    noise = np.log(sold["Sales"] / sold["Best"]) - SIGMA**2
    error = SIGMA / len(sold) ** 0.5
    assert abs(SIGMA - 0.1) < 0.002
    assert noise.mean() == pytest.approx(0, abs=4 * error)
    assert noise.std() == pytest.approx(SIGMA, abs=3 * error)
    for column in ("Store", "DayOfWeek", "Promo", "State"):
        groups = noise.groupby(sold[column]).agg(["mean", "count"])
        assert ((groups["mean"] * groups["count"] ** 0.5).abs() < 4 * SIGMA).all(), column
