"""Sales of stores: what is refused, and where it stands."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.sales import clean as sales
from recurrent.errors import PipelineError
from tests.data.stores import packed, put, tables, written, zipped

CELLS = [
    (name, row, column)
    for name, rows in tables().items()
    for row in range(1, len(rows))
    for column in sales.COLUMNS[name]
]
LARGEST = sys.float_info.max
NO_NUMBERS = ["", " ", "x", "nan", "inf", "-inf", "1e999", "1,5", "0x1", "1_0", "１", "True", "1\0"]
NO_NUMBER = st.sampled_from(NO_NUMBERS)
# Of a column: what it never holds.
BAD = {
    "Store": NO_NUMBER | st.sampled_from(["-1", "0", "65001", "1.5", "1e30"]),
    "DayOfWeek": NO_NUMBER | st.sampled_from(["0", "8", "2.5", "Monday"]),
    "Sales": NO_NUMBER | st.sampled_from(["-1", "-0.5", "1.5", "1000000001", "9" * 30]),
    "Open": NO_NUMBER | st.sampled_from(["-1", "2", "0.5", "yes"]),
    "Promo": NO_NUMBER | st.sampled_from(["-1", "2", "0.5", "no"]),
    "Date": st.sampled_from(["", "2015-02-29", "2015-13-01", "31.07.2015", "2015", "20150731"]),
    "State": st.sampled_from(["", "XX", "be", "BE ", "HB", "NA", "nan"]),
    "X": NO_NUMBER,
    "Y": NO_NUMBER,
}


def refused(path: Path) -> str:
    with pytest.raises(PipelineError) as fault:
        sales.check(path)
    assert str(fault.value).startswith(f"{path}: ")
    return str(fault.value)


class TestRefused:
    @given(st.sampled_from(CELLS).flatmap(lambda at: st.tuples(st.just(at), BAD[at[2]])))
    def test_a_bad_cell_anywhere_is_refused_by_its_row_and_column(
        self, scratch: Path, bad: tuple[tuple[str, int, str], str]
    ) -> None:
        (name, row, column), cell = bad
        rows = tables()
        put(rows, name, row, column, cell)
        if (name, column) == (sales.PLACES, "State"):  # then a store's own state has no place
            name, row = "store_states.csv", 1 if row == 1 else 2
        message = refused(zipped(scratch, rows))
        assert f"{name}: row {row + 1}, column {column}: " in message
        assert column == "State" or f"{cell!r} is not a" in message or "\0" in cell

    @given(
        st.sampled_from(CELLS),
        st.text(st.characters(codec="utf-8"), max_size=8)
        | st.floats().map(str)
        | st.integers(-2, 1 << 65).map(str),
    )
    def test_whatever_stands_in_a_cell_it_is_what_should_be_there_or_refused(
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
            least, most = sales.WHOLE.get(at[2], (-LARGEST, LARGEST))
            assert least <= float(cell) <= most
            assert float(cell).is_integer() or at[2] in "XY"

    def test_the_first_of_many_bad_cells_is_named_and_they_are_counted(
        self, tmp_path: Path
    ) -> None:
        rows = tables()
        for row in (4, 6, 9):
            put(rows, "train.csv", row, "Sales", f"-{row}")
        message = refused(zipped(tmp_path, rows))
        says = "'-4' is not a whole number from 0 to 1,000,000,000; 3 such rows."
        assert f"row 5, column Sales: {says}" in message

    @pytest.mark.parametrize(("name", "column"), dict.fromkeys((n, c) for n, _, c in CELLS))
    def test_a_missing_column_is_named(self, tmp_path: Path, name: str, column: str) -> None:
        rows = tables()
        put(rows, name, 0, column, column.lower())
        message = refused(zipped(tmp_path, rows))
        needed = ", ".join(sales.COLUMNS[name])
        assert f"{name}: has no column {column}. It should have {needed}" in message

    @pytest.mark.parametrize("name", [name for name in sales.COLUMNS if name != sales.PLACES])
    def test_a_missing_table_is_named(self, tmp_path: Path, name: str) -> None:
        rows = tables()
        del rows[name]
        assert f"has no {name}; it holds [" in refused(zipped(tmp_path, rows))

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
        assert f"is not one row for each {keys}; 1 such rows" in message

    @pytest.mark.parametrize("date", ["2015-7-31", "2015-07-31", "２０１５-07-31"])
    def test_a_day_is_the_same_however_it_is_written(self, tmp_path: Path, date: str) -> None:
        rows = tables()
        rows["train.csv"].append(["1", "5", date, "1", "1", "0"])
        says = "row 11, column Date: '2015-07-31' is not one row for each Store and Date"
        assert says in refused(zipped(tmp_path, rows))

    @pytest.mark.parametrize("name", ["store.csv", "store_states.csv"])
    def test_a_store_that_a_table_does_not_list_is_refused(self, tmp_path: Path, name: str) -> None:
        rows = tables()
        del rows[name][2]
        says = f"train.csv: row 3, column Store: '2' is not a store of {name}; 3 such rows"
        assert says in refused(zipped(tmp_path, rows))

    @pytest.mark.parametrize("german", [False, True])
    def test_a_state_that_lies_nowhere_is_refused(self, tmp_path: Path, german: bool) -> None:
        rows = tables()
        if german:
            del rows[sales.PLACES]
        put(rows, "store_states.csv", 3, "State", "TX")
        says = "store_states.csv: row 4, column State: 'TX' is not a state that has a place"
        assert says in refused(zipped(tmp_path, rows))

    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: b"",
            lambda content: b"\n\n",
            lambda content: content.decode().encode("utf-16"),
            lambda content: content + b"\xff\n",
            lambda content: content + b'"1',
            lambda content: content + b"1,2,3,4,5,6,7,8\n",
            lambda content: content.replace(b"\n", b",\n").replace(b",\n", b"\n", 1),
        ],
        ids=["empty", "blank", "UTF-16", "a bad byte", "open quotes", "a long row", "long rows"],
    )
    @pytest.mark.parametrize("name", sales.COLUMNS)
    def test_what_is_no_table_is_refused(
        self, tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
    ) -> None:
        content = written(tables())
        content[name] = damage(content[name])
        path = tmp_path / sales.FILE
        path.write_bytes(packed(content))
        assert f"{name}: is no table in UTF-8 (" in refused(path)

    def test_a_table_alone_is_no_zip_of_them(self, tmp_path: Path) -> None:
        path = tmp_path / sales.FILE
        path.write_bytes(written(tables())["train.csv"])
        assert "is no zip that can be read" in refused(path)

    def test_a_table_that_unpacks_to_too_much_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = tables()
        rows["store.csv"] += [[str(store), "a" * 999] for store in range(4, 1100)]
        path = zipped(tmp_path, rows)
        sales.check(path)
        monkeypatch.setattr(sales, "LARGEST", 1 << 20)
        assert "unpacks to more than 1 MiB" in refused(path)
