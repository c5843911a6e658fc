"""Sales as a table: every row decodes to what it says, and the last days measure."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurrent import files
from recurrent.data.sales.dataset import Table, symbols
from recurrent.data.sales.encode import Settings, by_time, encode
from recurrent.errors import PipelineError
from recurrent.validation import BySource, checked

OWN = {"source": "own file", "name": "mine.zip"}
ALL = ("store", "weekday", "promo", "year", "month", "day", "state")
# Some that a reader of tables takes for missing, or for a number.
STATES = ("AR", "NA", "null", "HB,NI", "01", "1e2", 'Ö"')
Sale = tuple[date, int, str, int, int]  # of a store, in a state, promoted or not
SALE: st.SearchStrategy[Sale] = st.tuples(
    st.dates(date(2013, 1, 1), date(2015, 7, 31)),
    st.integers(1, 12),
    st.sampled_from(STATES),
    st.integers(0, 1),
    st.integers(1, 30_000),
)
SHARE = st.floats(0, 1, exclude_max=True)


def cleaned(folder: Path, sales: list[Sale], best: list[float] | None = None) -> Path:
    """The output of cleaning some sales."""
    rows = [
        (day.isoformat(), store, state, day.isoweekday(), promo, sold)
        for day, store, state, promo, sold in sales
    ]
    names = ["Date", "Store", "State", "DayOfWeek", "Promo", "Sales"]
    days = pd.DataFrame(rows, columns=names)
    if best is not None:
        days["Best"] = best
    days.to_csv(folder / "sales.csv", index=False)
    places = [(state, 10 * place, 0.5 - place) for place, state in enumerate(STATES)]
    pd.DataFrame(places, columns=["State", "X", "Y"]).to_csv(folder / "states.csv", index=False)
    files.write_json(folder / "origin.json", OWN)
    return folder


def ten(folder: Path, best: list[float] | None = None) -> Path:
    """Ten days of one store, of which each sells 100 more."""
    days = [(date(2014, 2, 1 + day), 7, "AR", 0, 100 * (day + 1)) for day in range(10)]
    return cleaned(folder, days, best)


def says(data: Table, row: int) -> list[str]:
    return [symbols(data.columns)[symbol - 1] for symbol in data.ids[row]]


@settings(max_examples=20)
@given(
    st.lists(SALE, min_size=4, max_size=12),
    st.permutations(ALL).flatmap(lambda names: st.integers(1, 7).map(lambda n: names[:n])),
    st.booleans(),
)
def test_every_row_decodes_back_to_its_levels(
    scratch: Path, sales: list[Sale], columns: list[str], known: bool
) -> None:
    sales.sort(key=lambda sale: sale[0])
    best = [sale[4] + 0.5 for sale in sales]
    chosen = checked(Settings, {"columns": columns, "test": 0.25}, "here")
    data, report = encode(cleaned(scratch, sales, best if known else None), chosen)
    for row, (day, store, state, promo, _) in enumerate(sales):
        level = dict(zip(ALL, (store, day.isoweekday(), promo, day.year), strict=False))
        level |= {"month": day.month, "day": day.day}
        expected = {**{name: str(value) for name, value in level.items()}, "state": state}
        assert says(data, row) == [f"{column}={expected[column]}" for column in columns]
    assert data.values.tolist() == [sale[4] for sale in sales]
    assert (None if data.best is None else data.best.tolist()) == (best if known else None)
    numbers = {column: len({row[at] for row in data.ids}) for at, column in enumerate(columns)}
    assert report["levels"] == numbers == {name: len(data.columns[name]) for name in columns}
    assert report["symbols"] == sum(numbers.values())
    train, test = (data.splits[name] for name in ("train", "test"))
    assert max(sales[row][0] for row in train) <= min(sales[row][0] for row in test)


@given(
    rows=st.integers(0, 300),
    test=SHARE,
    valid=SHARE,
    sampled=st.none() | st.integers(1, 400),
    seed=st.integers(0, (1 << 32) - 1),
)
def test_what_trains_lies_before_what_chooses_and_that_before_what_measures(
    rows: int, test: float, valid: float, sampled: int | None, seed: int
) -> None:
    chosen = Settings(columns=("store",), test=test, valid=valid, sampled=sampled, seed=seed)
    held_out, chooses = int(rows * test), int(rows * valid)
    first = rows - held_out - chooses
    try:
        splits = by_time(rows, chosen, OWN)
    except PipelineError as fault:
        assert min(first, held_out) < 1
        assert f"{rows} rows leave" in str(fault)
        return
    train = splits["train"].tolist()
    assert all(earlier < later for earlier, later in pairwise(train))
    assert train[0] >= 0 and train[-1] < first
    assert len(train) == (first if sampled is None else min(sampled, first))
    assert splits["valid"].tolist() == [*range(first, first + chooses)]
    assert splits["test"].tolist() == [*range(first + chooses, rows)]
    assert len(splits["test"]) == held_out > 0
    assert all(indices.dtype == np.int32 for indices in splits.values())


def test_a_seed_is_a_sample_of_the_whole_time_before() -> None:
    def sample(seed: int) -> list[int]:
        chosen = Settings(columns=("store",), test=0.1, sampled=300, seed=seed)
        found: list[int] = by_time(1000, chosen, OWN)["train"].tolist()
        return found

    assert sample(1) == sample(1) != sample(2)
    assert min(sample(1)) < 30 and max(sample(1)) > 870


@pytest.mark.parametrize(("source", "number"), [("bundled", 3), ("own file", 5), ("upstream", 5)])
def test_of_the_bundled_sales_so_many_train_and_of_others_so_many(
    tmp_path: Path, source: str, number: int
) -> None:
    ten(tmp_path)
    files.write_json(tmp_path / "origin.json", {"source": source, "name": "some"})
    asked = {"columns": ["day"], "test": 0.2, "sampled": {"bundled": 3, "other": 5}}
    data, report = encode(tmp_path, checked(Settings, asked, "here"))
    assert report["train"] == len(data.splits["train"]) == number
    assert BySource(bundled=3, other=5).of(data.origin) == number


def test_what_there_is_is_reported(tmp_path: Path) -> None:
    best = [100.0] * 8 + [450.0, 1500.0]  # of 900 and 1000: wrong by a half, both
    chosen = Settings(columns=("weekday", "state"), test=0.2, valid=0.1)
    data, report = encode(ten(tmp_path, best), chosen)
    assert report == {
        "origin": OWN,
        "rows": 10,
        "train": 7,
        "valid": 1,
        "test": 2,
        "levels": {"weekday": 7, "state": 1},
        "symbols": 8,
        "floor": {"mape": 0.5},
    }
    assert data.origin == OWN
    assert data.vectors is None


def test_an_unknown_source_has_no_floor(tmp_path: Path) -> None:
    data, report = encode(ten(tmp_path), Settings(columns=("day",), test=0.2))
    assert data.best is None
    assert "floor" not in report


def test_levels_stand_in_their_order_not_that_of_their_letters(tmp_path: Path) -> None:
    data, _ = encode(ten(tmp_path), Settings(columns=("day",), test=0.2))
    assert data.columns == {"day": [str(day) for day in range(1, 11)]}
    assert data.ids.ravel().tolist() == [*range(1, 11)]


def test_states_have_their_places_if_they_are_a_column(tmp_path: Path) -> None:
    ten(tmp_path)
    data, _ = encode(tmp_path, Settings(columns=("state",), test=0.2))
    assert [*data.places] == ["state"]
    assert [*data.places["state"]] == [*STATES]
    assert data.places["state"]["NA"] == [10, -0.5]
    data, _ = encode(tmp_path, Settings(columns=("store",), test=0.2))
    assert data.places == {}


@pytest.mark.parametrize(
    ("shares", "left"),
    [
        ({"test": 0.05}, "10 to train on and 0 to measure on"),
        ({"test": 0.95, "valid": 0.1}, "0 to train on and 9 to measure on"),
        ({"test": 0.9, "valid": 0.9}, "0 to train on and 9 to measure on"),
    ],
)
def test_too_few_rows_are_refused_with_what_is_left(
    tmp_path: Path, shares: dict[str, float], left: str
) -> None:
    chosen = Settings.model_validate({"columns": ("day",), **shares})
    with pytest.raises(PipelineError, match=f"10 rows leave {left}.*change `test` and `valid`"):
        encode(ten(tmp_path), chosen)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"columns": []}, r"columns: .*at least 1"),
        ({"columns": ["customers"]}, r"columns\.0: .*\(found 'customers'"),
        ({"columns": "store"}, r"columns: .*\(found 'store'"),
        ({"test": 1.0}, r"test: .*less than 1"),
        ({"valid": -0.1}, r"valid: .*\(found -0\.1"),
        ({"seed": -1}, r"seed: .*\(found -1"),
        ({"sampled": 0}, r"sampled: .*greater than or equal to 1 \(found 0"),
        ({"sampled": {"bundled": 0, "other": 1}}, r"sampled\.bundled: .*\(found 0"),
        ({"sampled": {"bundled": 1}}, r"sampled\.other: Field required"),
        ({"sample": 3}, r"sample: unknown key"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(change: dict[str, Any], named: str) -> None:
    with pytest.raises(PipelineError, match=f"here: .*{named}"):
        checked(Settings, {"columns": ["store"], "test": 0.1, **change}, "here")
