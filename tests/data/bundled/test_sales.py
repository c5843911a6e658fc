"""The bundled sales: a known source, whose best answers nothing constant improves."""

import math
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurrent import config as params
from recurrent.data.sales import clean as corpus
from recurrent.data.synthetic import sales
from tests.project import ROOT

CORPUS = params.load(ROOT / "params.yaml").corpora["sales"]
SIGMA = float(sales.VARIANCE / sales.UNITS) ** 0.5
FLOOR = 0.1 * (2 / np.pi) ** 0.5  # of noise that small, about 0.08


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sales")
    sales.generate(folder, 3, 1)  # the smallest that there is
    return folder


@pytest.fixture(scope="module")
def days(folder: Path) -> pd.DataFrame:
    """All rows, each with its state, the place of that, and its best answer."""
    with zipfile.ZipFile(folder / sales.FILE) as archive:
        train, states, places = (
            pd.read_csv(archive.open(name))
            for name in ("train.csv", "store_states.csv", "states.csv")
        )
    truth = pd.read_csv(folder / sales.TRUTH)
    found = train.merge(truth, on=["Store", "Date"], validate="one_to_one")
    return found.merge(states, on="Store").merge(places, on="State")


@pytest.fixture(scope="module")
def sold(days: pd.DataFrame) -> pd.DataFrame:
    return days[days["Open"] == 1]


def shares(sold: pd.DataFrame, factor: float = 1) -> "pd.Series[float]":
    """By what share of the truth the best answers err, times a factor."""
    return (sold["Best"] * factor - sold["Sales"]).abs() / sold["Sales"]


def by_store(days: pd.DataFrame) -> pd.DataFrame:
    """The logarithms of the best answers: a row a day, a column a store."""
    return days.pivot(index="Date", columns="Store", values="Best").map(math.log)


def test_the_zip_has_the_four_tables_and_they_are_what_the_corpus_reads(folder: Path) -> None:
    with zipfile.ZipFile(folder / sales.FILE) as archive:
        assert tuple(archive.namelist()) == sales.TABLES == tuple(corpus.COLUMNS)
        assert archive.read("train.csv").startswith(",".join(sales.HEADER).encode() + b"\n")
    corpus.check(folder / corpus.FILE)


def test_a_seed_is_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sales, "DAYS", 20)
    found = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        (tmp_path / name).mkdir()
        sales.generate(tmp_path / name, seed, 1)
        found.append([(tmp_path / name / file).read_bytes() for file in (sales.FILE, sales.TRUTH)])
    one, same, other = found
    assert one == same
    assert all(a != b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("size", "stores"), [(1, 24), (249, 24), (250, 25), (309, 30)])
def test_the_size_is_that_of_days_and_stores_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, stores: int
) -> None:
    monkeypatch.setattr(sales, "DAYS", 10)
    sales.generate(tmp_path, 1, size)
    assert len(pd.read_csv(tmp_path / sales.TRUTH)) == stores * 10


def test_every_store_has_every_day_once_the_last_day_first(days: pd.DataFrame) -> None:
    assert len(days) == sales.FEWEST * sales.DAYS
    assert not days.duplicated(["Store", "Date"]).any()
    assert days["Date"].is_monotonic_decreasing
    assert (days["Date"].iloc[-1], days["Date"].iloc[0]) == ("2013-01-01", "2015-07-31")
    weekdays = [date.fromisoformat(day).isoweekday() for day in days["Date"]]
    assert days["DayOfWeek"].tolist() == weekdays


def test_every_state_has_two_stores(days: pd.DataFrame) -> None:
    stores = days.drop_duplicates("Store")["State"].value_counts()
    assert stores.to_dict() == dict.fromkeys(sales.STATES, 2)


def test_closed_days_sell_nothing_and_open_ones_do(days: pd.DataFrame) -> None:
    shut = days["Open"] == 0
    assert (days["Sales"][shut] == 0).all()
    assert (days["Sales"][~shut] > 0).all()
    assert (days["Best"] > 0).all()


def test_stores_close_on_holidays_and_most_of_them_on_sundays(days: pd.DataFrame) -> None:
    holiday = days["Date"].str[5:].isin([f"{m:02}-{d:02}" for m, d in sales.CLOSED])
    sunday = days["DayOfWeek"] == 7
    always = days["Store"] % sales.OPEN_ON_SUNDAYS == 0
    assert ((days["Open"] == 0) == (holiday | sunday & ~always)).all()
    assert set(days["Store"][sunday & (days["Open"] == 1)]) == {8, 16, 24}


def test_the_best_answers_err_by_a_known_share(sold: pd.DataFrame) -> None:
    assert shares(sold).mean() == pytest.approx(FLOOR, abs=0.002)


def test_no_constant_factor_improves_the_best_answers(sold: pd.DataFrame) -> None:
    floor = shares(sold)
    for factor in np.linspace(0.9, 1.1, 41):
        gained = floor - shares(sold, float(factor))
        noise = gained.std() / len(sold) ** 0.5
        assert gained.mean() <= 3 * noise, factor


def test_what_is_left_is_noise_of_a_known_size(sold: pd.DataFrame) -> None:
    noise = np.log(sold["Sales"] / sold["Best"]) - SIGMA**2
    error = SIGMA / len(sold) ** 0.5
    assert abs(SIGMA - 0.1) < 0.002
    assert noise.mean() == pytest.approx(0, abs=4 * error)
    assert noise.std() == pytest.approx(SIGMA, abs=3 * error)
    for column in ("Store", "DayOfWeek", "Promo", "State"):  # the same in all
        groups = noise.groupby(sold[column]).agg(["mean", "count"])
        assert ((groups["mean"] * groups["count"] ** 0.5).abs() < 4 * SIGMA).all(), column


def test_stores_differ_by_the_month_alone_and_those_of_a_state_by_a_constant(
    days: pd.DataFrame,
) -> None:
    logs = by_store(days)
    apart = logs.sub(logs[1], axis="index")
    months = apart.groupby(apart.index.str[5:7])
    assert (months.max() - months.min()).to_numpy().max() < 1e-5
    for store, other in zip(range(1, 13), range(13, 25), strict=True):
        assert np.ptp(logs[store] - logs[other]) < 1e-5


def test_summer_lifts_the_north(days: pd.DataFrame) -> None:
    logs = by_store(days)
    north = days.drop_duplicates("Store").set_index("Store")["Y"]
    lift = logs.loc["2014-08-05"] - logs.loc["2014-05-06"]  # Tuesdays
    assert np.corrcoef(lift, north[lift.index])[0, 1] == pytest.approx(1, abs=1e-3)


def test_a_promotion_sells_more_on_a_monday_than_on_a_friday(days: pd.DataFrame) -> None:
    logs = np.log(days["Best"]).groupby([days["DayOfWeek"], days["Promo"]]).mean().unstack()
    lift = (logs[1] - logs[0]).dropna()
    assert [*lift.index] == [1, 2, 3, 4, 5], "never at the weekend"
    known = np.array(sales.PROMOTED[:5]) / sales.UNITS
    assert lift.to_numpy() == pytest.approx(known, abs=0.05)  # months and days are not balanced


def test_cleaned_they_keep_the_days_that_sold_and_their_best_answers(
    folder: Path, sold: pd.DataFrame, tmp_path: Path
) -> None:
    report = corpus.clean(folder / corpus.FILE, tmp_path, CORPUS)
    assert report["kept"] == {"days of a store": len(sold)}
    assert "origin" not in report
    kept = pd.read_csv(tmp_path / "sales.csv")
    expected = sold.sort_values(["Date", "Store"])
    for column in kept:
        assert kept[column].tolist() == expected[column].tolist(), column
