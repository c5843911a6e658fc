"""Sales: which rows are kept, and which cells are refused by row and column."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurrent.common.config import Corpus, Synthetic
from recurrent.common.errors import PipelineError
from recurrent.data.sales import clean as sales
from recurrent.data.synthetic.sales import BAYES
from tests.data.stores import packed, put, tables, written, zipped

CORPUS = Corpus(kind="sales", synthetic=Synthetic(seed=0, size=1))
Cleaned = tuple[dict[str, object], pd.DataFrame, pd.DataFrame]
CELLS = [
    (name, row, column)
    for name, rows in tables().items()
    for row in range(1, len(rows))
    for column in sales.COLUMNS[name]
]
NOT_NUMBERS = [
    "",
    "x",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "1,5",
    "0x1",
    "1_0",
    "１",
    "True",
    "1\0",
]
NOT_A_NUMBER = st.sampled_from(NOT_NUMBERS)
BAD = {  # cells that a column must refuse
    "Store": NOT_A_NUMBER | st.sampled_from(["-1", "0", "65001", "1.5", "1e30"]),
    "DayOfWeek": NOT_A_NUMBER | st.sampled_from(["0", "8", "2.5", "Monday"]),
    "Sales": NOT_A_NUMBER | st.sampled_from(["-1", "-0.5", "1.5", "1000000001", "9" * 30]),
    "Open": NOT_A_NUMBER | st.sampled_from(["-1", "2", "0.5", "yes"]),
    "Promo": NOT_A_NUMBER | st.sampled_from(["-1", "2", "0.5", "no"]),
    "Date": st.sampled_from(["", "2015-02-29", "2015-13-01", "31.07.2015", "2015", "20150731"]),
    "State": st.sampled_from(["", "XX", "be", "BE ", "HB", "NA", "nan"]),
    "X": NOT_A_NUMBER,
    "Y": NOT_A_NUMBER,
}


def cleaned(path: Path) -> Cleaned:
    out = path.parent / "clean"
    out.mkdir(exist_ok=True)
    report = sales.clean(path, out, CORPUS)
    assert json.loads(json.dumps(report)) == report  # it is written as JSON
    kept = pd.read_csv(out / "sales.csv", keep_default_na=False)
    return report, kept, pd.read_csv(out / "states.csv", index_col="State", keep_default_na=False)


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Cleaned:
    return cleaned(zipped(tmp_path_factory.mktemp("sales"), tables()))


class TestClean:
    def test_days_with_sales_are_kept_in_the_order_of_time(self, in_order: Cleaned) -> None:
        report, kept, places = in_order
        assert kept.to_dict("split")["data"] == [
            ["2015-07-26", 3, "BE", 7, 1, 700],
            ["2015-07-30", 1, "BE", 4, 1, 400],
            ["2015-07-30", 2, "HB,NI", 4, 1, 40],
            ["2015-07-31", 1, "BE", 5, 1, 500],
            ["2015-07-31", 2, "HB,NI", 5, 1, 50],
            ["2015-07-31", 3, "BE", 5, 1, 900],
        ]
        assert [*kept] == ["Date", "Store", "State", "DayOfWeek", "Promo", "Sales"]
        assert places.to_dict("index") == {"BE": {"X": 1.5, "Y": -2}, "HB,NI": {"X": 3, "Y": 400}}
        assert report == {
            "rows": 9,
            "kept": {"days with sales": 6},
            "dropped": {"days without sales": 3},
            "stores": 3,
            "states": 2,
            "first": "2015-07-26",
            "last": "2015-07-31",
        }

    def test_states_without_coordinates_are_germanys(self, tmp_path: Path) -> None:
        rows = tables()
        del rows[sales.PLACES]
        *_, places = cleaned(zipped(tmp_path, rows))
        expected = {state: sales.GERMANY[state] for state in ("BE", "HB,NI")}
        assert {state: (x, y) for state, x, y in places.itertuples()} == expected

    @settings(max_examples=10)
    @given(st.data())
    def test_row_order_column_order_and_other_columns_do_not_matter(
        self, scratch: Path, in_order: Cleaned, data: st.DataObject
    ) -> None:
        shuffled = {}
        for name, (head, *rows) in tables().items():
            head, rows = [*head, "Customers"], [[*cells, "not a number"] for cells in rows]
            order = data.draw(st.permutations(range(len(head))))
            changed = [head, *data.draw(st.permutations(rows))]
            shuffled[name] = [[cells[place] for place in order] for cells in changed]
        found = cleaned(zipped(scratch, shuffled))
        assert found[0] == in_order[0]
        assert all(a.equals(b) for a, b in zip(found[1:], in_order[1:], strict=True))

    def test_a_known_source_adds_its_best_prediction_to_each_row(self, tmp_path: Path) -> None:
        known = [  # also for days without sales, and in another order
            f"{store},{date},{day}{store}.5"
            for store in "321"
            for day, date in enumerate(("2015-07-30", "2015-07-26", "2015-07-31"))
        ]
        (tmp_path / BAYES).write_text("\n".join(["Store,Date,Bayes", *known]) + "\n")
        _, kept, _ = cleaned(zipped(tmp_path, tables()))
        assert kept["Bayes"].tolist() == [13.5, 1.5, 2.5, 21.5, 22.5, 23.5]

    def test_a_zip_without_sales_is_refused(self, tmp_path: Path) -> None:
        rows = tables()
        rows["train.csv"] = rows["train.csv"][:1]
        with pytest.raises(PipelineError, match=r"train\.csv: no store has any sales"):
            cleaned(zipped(tmp_path, rows))

    def test_rossmanns_file_is_recognised_by_its_counts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_order: Cleaned
    ) -> None:
        monkeypatch.setattr(sales, "ROSSMANN", (9, 3))
        report, *_ = cleaned(zipped(tmp_path, tables()))
        assert report == {"origin": {"source": "upstream", "name": "Rossmann"}, **in_order[0]}


def refused(path: Path) -> str:
    with pytest.raises(PipelineError) as fault:
        sales.check(path)
    assert str(fault.value).startswith(f"{path}: ")
    return str(fault.value)


class TestRefused:
    @given(st.sampled_from(CELLS).flatmap(lambda at: st.tuples(st.just(at), BAD[at[2]])))
    def test_a_bad_cell_is_named_by_its_row_and_column(
        self, scratch: Path, bad: tuple[tuple[str, int, str], str]
    ) -> None:
        (name, row, column), cell = bad
        rows = tables()
        put(rows, name, row, column, cell)
        if (name, column) == (sales.PLACES, "State"):  # then a store's state has no coordinates
            name, row = "store_states.csv", 1 if row == 1 else 2
        message = refused(zipped(scratch, rows))
        assert f"{name}: row {row + 1}, column {column}: " in message
        assert column == "State" or f"{cell!r} is not a" in message or "\0" in cell
        assert "Rows with this fault: " in message

    @given(
        st.sampled_from(CELLS),
        st.text(st.characters(codec="utf-8"), max_size=8)
        | st.floats().map(str)
        | st.integers(-2, 1 << 65).map(str),
    )
    def test_any_cell_is_in_range_or_refused(
        self, scratch: Path, at: tuple[str, int, str], cell: str
    ) -> None:
        rows = tables()
        put(rows, *at, cell)
        path = zipped(scratch, rows)
        try:
            sales.check(path)
        except PipelineError as fault:
            assert str(fault).startswith(f"{path}: ")
        else:
            largest = sys.float_info.max
            least, most = sales.RANGES.get(at[2], (-largest, largest))
            assert least <= float(cell) <= most
            assert float(cell).is_integer() or at[2] in "XY"

    def test_missing_tables_and_columns_are_named(self, tmp_path: Path) -> None:
        for name, columns in sales.COLUMNS.items():
            rows = tables()
            put(rows, name, 0, columns[-1], "another")
            message = refused(zipped(tmp_path, rows))
            assert f"{name}: the table has no column {columns[-1]}." in message
            assert f"It needs the columns {', '.join(columns)}." in message
            del rows[name]
            if name != sales.PLACES:
                assert f"the zip has no {name}; it holds [" in refused(zipped(tmp_path, rows))

    @pytest.mark.parametrize(
        ("name", "keys"),
        [
            ("train.csv", "Store and Date"),
            ("store.csv", "Store"),
            ("store_states.csv", "Store"),
            ("states.csv", "State"),
        ],
    )
    def test_a_repeated_row_is_refused(self, tmp_path: Path, name: str, keys: str) -> None:
        rows = tables()
        rows[name].append([*rows[name][2]])
        message = refused(zipped(tmp_path, rows))
        place = f"{name}: row {len(rows[name])}, column {keys.rpartition(' ')[2]}: "
        assert place in message
        assert f"there must be one row for each {keys}. Rows with this fault: 1." in message

    @pytest.mark.parametrize("name", ["store.csv", "store_states.csv"])
    def test_a_store_that_another_table_lacks_is_refused(self, tmp_path: Path, name: str) -> None:
        rows = tables()
        del rows[name][2]
        says = f"train.csv: row 3, column Store: '2' is not a store of {name}."
        assert says in refused(zipped(tmp_path, rows))

    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: b"",
            lambda content: content.decode().encode("utf-16"),
            lambda content: content + b"\xff\n",
            lambda content: content + b'"1',
            lambda content: content + b"1,2,3,4,5,6,7,8\n",
            lambda content: content.replace(b"\n", b",\n").replace(b",\n", b"\n", 1),
        ],
        ids=["empty", "UTF-16", "a bad byte", "an open quote", "a long row", "long rows"],
    )
    def test_a_file_that_is_not_a_csv_table_is_refused(
        self, tmp_path: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        for name in sales.COLUMNS:
            content = written(tables())
            content[name] = damage(content[name])
            path = tmp_path / sales.FILE
            path.write_bytes(packed(content))
            assert f"{name}: the file is not a csv table in UTF-8 (" in refused(path)
        path.write_bytes(written(tables())["train.csv"])
        assert "the zip cannot be read" in refused(path)
