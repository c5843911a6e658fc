"""A table of categories: saved, loaded, and numbered by one vocabulary."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.names.dataset import LabelledNames
from recurrent.data.sales.dataset import SPLITS, Table, as_symbols, symbols
from recurrent.errors import PipelineError

LEVELS = st.lists(st.text("AR1=,é\"'\\ ", max_size=4), min_size=1, max_size=4, unique=True)
COLUMNS = st.dictionaries(st.sampled_from(["store", "state", "day"]), LEVELS, min_size=1)
Codes = NDArray[np.int64]


@st.composite
def coded(draw: st.DrawFn) -> tuple[dict[str, list[str]], Codes]:
    """Columns, and rows of a level of each."""
    columns = draw(COLUMNS)
    row = st.tuples(*(st.integers(0, len(levels) - 1) for levels in columns.values()))
    rows = draw(st.lists(row, max_size=8))
    return columns, np.array(rows, dtype=np.int64).reshape(len(rows), len(columns))


def table(best: list[float] | None = None) -> Table:
    """Four rows: two train, two measure."""
    columns = {"promo": ["0", "1"], "state": ["AR", "BÖ"]}
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    return Table(
        columns=columns,
        ids=as_symbols(columns, codes),
        values=np.array([100.0, 50.0, 200.0, 400.0]),
        splits={
            "train": np.array([0, 1], dtype=np.int32),
            "valid": np.array([], dtype=np.int32),
            "test": np.array([2, 3], dtype=np.int32),
        },
        best=None if best is None else np.array(best),
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


def test_as_many_symbols_as_16_bits_number_and_no_more() -> None:
    columns = {"promo": ["0", "1"], "store": [str(store) for store in range((1 << 16) - 3)]}
    assert as_symbols(columns, np.array([[1, (1 << 16) - 4]])).tolist() == [[2, (1 << 16) - 1]]
    columns["store"].append("one more")
    with pytest.raises(PipelineError, match="65,536 different"):
        as_symbols(columns, np.array([[0, 0]]))


def test_a_code_that_is_no_level_is_no_symbol() -> None:
    with pytest.raises(AssertionError):
        as_symbols({"promo": ["0", "1"]}, np.array([[2]]))


@given(coded(), st.booleans(), st.booleans())
def test_what_is_saved_is_what_is_loaded(
    tmp_path_factory: pytest.TempPathFactory,
    rows: tuple[dict[str, list[str]], Codes],
    known: bool,
    embedded: bool,
) -> None:
    columns, codes = rows
    number = len(codes) + 1  # at least one trains
    ids = as_symbols(columns, np.concatenate([codes, np.zeros((1, len(columns)), dtype=np.int64)]))
    split = np.arange(number, dtype=np.int32)
    data = dataclasses.replace(
        table(),
        columns=columns,
        ids=ids,
        values=np.linspace(0.1, 3, number),
        splits={"train": split, "valid": split[:0], "test": split[1:]},
        best=np.linspace(1, 2, number) if known else None,
        vectors=np.full((number, 3), 0.1, dtype=np.float32) if embedded else None,
        places={name: {level: [0.5, -1.0] for level in columns[name]} for name in columns},
    )
    folder = tmp_path_factory.mktemp("data")
    data.save(folder)
    loaded = Table.load(folder)
    assert [*loaded.columns.items()] == [*columns.items()], "in their order"
    assert (loaded.places, loaded.origin) == (data.places, data.origin)
    assert loaded.about() == data.about()
    assert [*loaded.splits] == [*SPLITS]
    for name in ("ids", "values", "best", "vectors", *SPLITS):
        found, array = (one.splits.get(name, getattr(one, name, None)) for one in (loaded, data))
        if array is None or found is None:
            assert array is found, name
        else:
            assert found.dtype == array.dtype
            assert np.array_equal(found, array), name


def test_the_files_hold_no_code_and_say_what_they_mean(tmp_path: Path) -> None:
    table(best=[1.0] * 4).save(tmp_path)
    names = {path.stem for path in tmp_path.glob("*.npy")}
    assert names == {"ids", "values", "best", *SPLITS}
    for name in names:
        assert np.load(tmp_path / f"{name}.npy", allow_pickle=False).dtype != object
    text = (tmp_path / "dataset.json").read_text(encoding="utf-8")
    assert json.loads(text) == {
        "kind": "table",
        "columns": {"promo": ["0", "1"], "state": ["AR", "BÖ"]},
        "places": {"state": {"AR": [1.0, 2.5], "BÖ": [0.0, -3.0]}},
        "origin": {"source": "bundled", "name": "generated"},
        "vocabulary": ["promo=0", "promo=1", "state=AR", "state=BÖ"],
        "scale": pytest.approx(np.log(100)),  # of what trains alone: the others sold more
    }
    assert "BÖ" in text  # readable, not escaped


def test_the_floor_is_the_error_of_the_best_answers_on_that_split() -> None:
    data = table(best=[100, 75, 150, 500])  # wrong by none, a half, a quarter, and a quarter
    assert data.floor("train") == {"mape": 0.25}
    assert data.floor("test") == {"mape": 0.25}
    assert table(best=[100, 75, 150, 400]).floor("test") == {"mape": 0.125}
    assert table().floor("test") is None, "an unknown source has no floor"


def test_a_dataset_of_another_kind_is_refused(tmp_path: Path) -> None:
    table().save(tmp_path)
    with pytest.raises(PipelineError, match="a dataset of table, and the task needs labelled"):
        LabelledNames.load(tmp_path)
    with pytest.raises(PipelineError, match="no such dataset yet"):
        Table.load(tmp_path / "nowhere")
