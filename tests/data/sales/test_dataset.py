"""A table of categories: saved, loaded, and numbered by one vocabulary."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.common.errors import PipelineError
from recurrent.data.sales.dataset import Table, as_symbols, symbols

LEVELS = st.lists(st.text("AR1=,é\"'\\ ", max_size=4), min_size=1, max_size=4, unique=True)
COLUMNS = st.dictionaries(st.sampled_from(["store", "state", "day"]), LEVELS, min_size=1)
Codes = NDArray[np.int64]


@st.composite
def coded(draw: st.DrawFn) -> tuple[dict[str, list[str]], Codes]:
    """Draw columns, and rows with a level of each."""
    columns = draw(COLUMNS)
    row = st.tuples(*(st.integers(0, len(levels) - 1) for levels in columns.values()))
    rows = draw(st.lists(row, min_size=1, max_size=8))
    return columns, np.array(rows, dtype=np.int64)


def table(bayes_values: list[float] | None = None) -> Table:
    """Return four rows: two for training and two for testing."""
    columns = {"promo": ["0", "1"], "state": ["AR", "BÖ"]}
    return Table(
        columns=columns,
        ids=as_symbols(columns, np.array([[0, 0], [0, 1], [1, 0], [1, 1]])),
        values=np.array([100.0, 50.0, 200.0, 400.0]),
        splits={
            "train": np.array([0, 1], dtype=np.int32),
            "valid": np.array([], dtype=np.int32),
            "test": np.array([2, 3], dtype=np.int32),
        },
        bayes_values=None if bayes_values is None else np.array(bayes_values),
        vectors=None,
        places={"state": {"AR": [1.0, 2.5], "BÖ": [0.0, -3.0]}},
        origin={"source": "bundled", "name": "generated"},
    )


@given(coded())
def test_a_symbol_is_a_column_and_its_level(rows: tuple[dict[str, list[str]], Codes]) -> None:
    columns, codes = rows
    ids = as_symbols(columns, codes)
    vocabulary = symbols(columns)
    assert ids.dtype == np.uint16 and ids.shape == codes.shape
    assert len(set(vocabulary)) == sum(map(len, columns.values()))
    for row, numbers in zip(ids, codes, strict=True):
        levels = [levels[code] for levels, code in zip(columns.values(), numbers, strict=True)]
        expected = [f"{name}={level}" for name, level in zip(columns, levels, strict=True)]
        assert [vocabulary[symbol - 1] for symbol in row] == expected  # 0 is padding


def test_symbols_must_fit_into_16_bits_and_codes_must_be_levels() -> None:
    columns = {"promo": ["0", "1"], "store": [str(store) for store in range((1 << 16) - 3)]}
    assert as_symbols(columns, np.array([[1, (1 << 16) - 4]])).tolist() == [[2, (1 << 16) - 1]]
    columns["store"].append("one more")
    with pytest.raises(PipelineError, match="65,536 different"):
        as_symbols(columns, np.array([[0, 0]]))
    with pytest.raises(AssertionError):
        as_symbols({"promo": ["0", "1"]}, np.array([[2]]))


@given(coded(), st.booleans(), st.booleans())
def test_loading_returns_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory,
    rows: tuple[dict[str, list[str]], Codes],
    known: bool,
    embedded: bool,
) -> None:
    columns, codes = rows
    number = len(codes)
    split = np.arange(number, dtype=np.int32)
    data = replace(
        table(),
        columns=columns,
        ids=as_symbols(columns, codes),
        values=np.linspace(0.1, 3, number),
        splits={"train": split, "valid": split[:0], "test": split[1:]},
        bayes_values=np.linspace(1, 2, number) if known else None,
        vectors=np.full((number, 3), 0.1, dtype=np.float32) if embedded else None,
        places={name: {level: [0.5, -1.0] for level in columns[name]} for name in columns},
    )
    folder = tmp_path_factory.mktemp("data")
    data.save(folder)
    loaded = Table.load(folder)
    assert [*loaded.columns.items()] == [*columns.items()], "in their order"
    assert (loaded.places, loaded.about()) == (data.places, data.about())
    for key in ("ids", "values", "splits", "bayes_values", "vectors"):
        np.testing.assert_equal(getattr(loaded, key), getattr(data, key))
    assert (folder / "bayes.npy").exists() == known


def test_bayes_is_the_error_of_the_best_predictions_on_that_split() -> None:
    data = table([100, 75, 150, 400])  # wrong by none, a half, a quarter, and none
    assert data.bayes("train") == {"mape": 0.25}
    assert data.bayes("test") == {"mape": 0.125}
    assert table().bayes("test") is None, "of an unknown source"
