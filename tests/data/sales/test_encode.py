"""Sales as a table: every row decodes to its levels, and the last days are held out."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurrent.common import files
from recurrent.common.config import checked
from recurrent.common.errors import PipelineError
from recurrent.data.sales.dataset import symbols
from recurrent.data.sales.encode import Settings, by_time, encode

OWN = {"source": "own file", "name": "mine.zip"}
ALL = ("store", "weekday", "promo", "year", "month", "day", "state")
# Some of these look like missing values or numbers to a csv reader.
STATES = ("AR", "NA", "null", "HB,NI", "01", "1e2", 'Ö"')
Sale = tuple[date, int, str, int, int]  # of a store, in a state, with or without promotion
SALE: st.SearchStrategy[Sale] = st.tuples(
    st.dates(date(2013, 1, 1), date(2015, 7, 31)),
    st.integers(1, 12),
    st.sampled_from(STATES),
    st.integers(0, 1),
    st.integers(1, 30_000),
)
SHARE = st.floats(0, 1, exclude_max=True)


def cleaned(folder: Path, sales: list[Sale], best: list[float] | None = None) -> Path:
    """Write some sales as cleaning does."""
    rows = [
        (day.isoformat(), store, state, day.isoweekday(), promo, sold)
        for day, store, state, promo, sold in sales
    ]
    names = ["Date", "Store", "State", "DayOfWeek", "Promo", "Sales"]
    days = pd.DataFrame(rows, columns=names)
    if best is not None:
        days["Bayes"] = best
    days.to_csv(folder / "sales.csv", index=False)
    places = [(state, 10 * place, 0.5 - place) for place, state in enumerate(STATES)]
    pd.DataFrame(places, columns=["State", "X", "Y"]).to_csv(folder / "states.csv", index=False)
    files.write_json(folder / "origin.json", OWN)
    return folder


def ten(folder: Path, best: list[float] | None = None) -> Path:
    """Write ten days of one store, each with 100 more than the day before."""
    days = [(date(2014, 2, 1 + day), 7, "AR", 0, 100 * (day + 1)) for day in range(10)]
    return cleaned(folder, days, best)


@settings(max_examples=20)
@given(
    st.lists(SALE, min_size=4, max_size=12),
    st.permutations(ALL).flatmap(lambda names: st.integers(1, 7).map(lambda n: names[:n])),
    st.booleans(),
)
def test_every_row_decodes_to_its_levels(
    scratch: Path, sales: list[Sale], columns: list[str], known: bool
) -> None:
    sales.sort(key=lambda sale: sale[0])
    best = [sale[4] + 0.5 for sale in sales] if known else None
    chosen = checked(Settings, {"columns": columns, "test": 0.25}, "here")
    data, report = encode(cleaned(scratch, sales, best), chosen)
    vocabulary = symbols(data.columns)
    for row, (day, store, state, promo, _) in enumerate(sales):
        level: dict[str, object] = {"store": store, "weekday": day.isoweekday(), "promo": promo}
        level |= {"year": day.year, "month": day.month, "day": day.day, "state": state}
        found = [vocabulary[symbol - 1] for symbol in data.ids[row]]
        assert found == [f"{column}={level[column]}" for column in columns]
    assert data.values.tolist() == [sale[4] for sale in sales]
    assert (None if data.bayes_values is None else data.bayes_values.tolist()) == best
    assert report["levels"] == {name: len(data.columns[name]) for name in columns}
    train, test = (data.splits[name] for name in ("train", "test"))
    assert max(sales[row][0] for row in train) <= min(sales[row][0] for row in test)


@given(
    rows=st.integers(0, 300),
    test=SHARE,
    valid=SHARE,
    sampled=st.none() | st.integers(1, 400),
    seed=st.integers(0, (1 << 32) - 1),
)
def test_training_rows_come_before_validation_and_test_rows(
    rows: int, test: float, valid: float, sampled: int | None, seed: int
) -> None:
    chosen = Settings(columns=("store",), test=test, valid=valid, sampled=sampled, seed=seed)
    held_out, validation = int(rows * test), int(rows * valid)
    first = rows - held_out - validation
    try:
        splits = by_time(rows, chosen)
    except PipelineError as fault:
        assert min(first, held_out) < 1
        assert f"{rows} rows leave" in str(fault)
        return
    train = splits["train"].tolist()
    assert all(earlier < later for earlier, later in pairwise(train))
    assert train[0] >= 0 and train[-1] < first
    assert len(train) == (first if sampled is None else min(sampled, first))
    assert splits["valid"].tolist() == [*range(first, first + validation)]
    assert splits["test"].tolist() == [*range(first + validation, rows)]
    assert len(splits["test"]) == held_out > 0


def test_the_seed_decides_which_of_all_earlier_rows_train() -> None:
    def sample(seed: int) -> list[int]:
        chosen = Settings(columns=("store",), test=0.1, sampled=300, seed=seed)
        found: list[int] = by_time(1000, chosen)["train"].tolist()
        return found

    assert sample(1) == sample(1) != sample(2)
    assert min(sample(1)) < 30 and max(sample(1)) > 870


def test_the_report_has_the_sizes_and_the_best_error(tmp_path: Path) -> None:
    best = [100.0] * 8 + [450.0, 1500.0]  # of 900 and 1000: both wrong by a half
    chosen = Settings(columns=("day", "state"), test=0.2, valid=0.1)
    data, report = encode(ten(tmp_path, best), chosen)
    assert report == {
        "origin": OWN,
        "rows": 10,
        "train": 7,
        "valid": 1,
        "test": 2,
        "levels": {"day": 10, "state": 1},
        "symbols": 11,
        "bayes": {"mape": 0.5},
    }
    assert data.columns["day"] == [str(day) for day in range(1, 11)], "in numerical order"
    assert data.places["state"]["NA"] == [10, -0.5]
    data, report = encode(ten(tmp_path), Settings(columns=("store",), test=0.2))
    assert (data.bayes_values, report["bayes"]) == (None, None), "of an unknown source"
    assert data.places == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"test": 0.05}, r"10 for training and 0 for testing.*change `test` and `valid`"),
        ({"test": 0.9, "valid": 0.9}, "0 for training and 9 for testing"),
        ({"columns": []}, "columns: .*at least 1"),
        ({"columns": ["customers"]}, r"columns\.0: .*got 'customers'"),
        ({"test": 1.0}, r"test: .*got 1\.0"),
        ({"sampled": 0}, "sampled: .*got 0"),
        ({"sample": 3}, "sample: unknown key"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        encode(
            ten(tmp_path), checked(Settings, {"columns": ["day"], "test": 0.1, **change}, "here")
        )
