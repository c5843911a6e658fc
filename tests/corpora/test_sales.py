"""Sales of stores: what is refused and where, what is kept, and whose file it is."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages import clean, download
from stages.common import files, params
from stages.common.errors import PipelineError
from stages.corpora import sales
from tests.corpora.stores import Rows, packed, tables, written
from tests.project import ROOT, Project, sha256

CORPUS = params.load(ROOT / "params.yaml").corpora["sales"]
CELLS = [
    (name, row, column)
    for name, rows in tables().items()
    for row in range(1, len(rows))
    for column in sales.COLUMNS[name]
]
ALONE = {"source": "bundled", "datasets": {}, "experiments": {}}
OWN = {"module": "sales", "bundled": {"seed": 0, "size": 1}}
Cleaned = tuple[dict[str, object], pd.DataFrame, pd.DataFrame]
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


def zipped(folder: Path, rows: dict[str, Rows]) -> Path:
    path = folder / sales.FILE
    path.write_bytes(packed(written(rows)))
    return path


def put(rows: dict[str, Rows], name: str, row: int, column: str, cell: str) -> None:
    rows[name][row][rows[name][0].index(column)] = cell


def refused(path: Path) -> str:
    with pytest.raises(PipelineError) as fault:
        sales.check(path)
    assert str(fault.value).startswith(f"{path}: ")
    return str(fault.value)


def cleaned(path: Path) -> Cleaned:
    out = path.parent / "clean"
    out.mkdir(exist_ok=True)
    report = sales.clean(path, out, CORPUS)
    assert json.loads(json.dumps(report)) == report  # it is written as JSON
    kept = pd.read_csv(out / "sales.csv", keep_default_na=False)
    return report, kept, pd.read_csv(out / "states.csv", index_col="State", keep_default_na=False)


def same(found: Cleaned, expected: Cleaned) -> None:
    assert found[0] == expected[0]
    assert all(a.equals(b) for a, b in zip(found[1:], expected[1:], strict=True))


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Cleaned:
    return cleaned(zipped(tmp_path_factory.mktemp("sales"), tables()))


class TestClean:
    def test_what_sold_is_kept_in_the_order_of_time(self, tmp_path: Path) -> None:
        _, kept, _ = cleaned(zipped(tmp_path, tables()))
        assert kept.to_dict("split")["data"] == [
            ["2015-07-26", 3, "BE", 7, 1, 700],
            ["2015-07-30", 1, "BE", 4, 1, 400],
            ["2015-07-30", 2, "HB,NI", 4, 1, 40],
            ["2015-07-31", 1, "BE", 5, 1, 500],
            ["2015-07-31", 2, "HB,NI", 5, 1, 50],
            ["2015-07-31", 3, "BE", 5, 1, 900],
        ]
        assert [*kept] == ["Date", "Store", "State", "DayOfWeek", "Promo", "Sales"]

    def test_days_on_which_nothing_was_sold_are_dropped_and_counted(self, tmp_path: Path) -> None:
        rows = tables()
        put(rows, "train.csv", 1, "Sales", "0")  # though it was open
        report, kept, _ = cleaned(zipped(tmp_path, rows))
        assert (kept["Sales"] > 0).all()
        assert report == {
            "rows": 9,
            "kept": {"days of a store": 5},
            "dropped": {"nothing sold": 4},
            "stores": 3,
            "states": 2,
            "first": "2015-07-26",
            "last": "2015-07-31",
        }

    def test_states_lie_where_the_zip_says(self, tmp_path: Path) -> None:
        *_, places = cleaned(zipped(tmp_path, tables()))
        assert places.to_dict("index") == {"BE": {"X": 1.5, "Y": -2}, "HB,NI": {"X": 3, "Y": 400}}

    def test_a_zip_that_does_not_say_is_of_germany(self, tmp_path: Path) -> None:
        rows = tables()
        del rows[sales.PLACES]
        *_, places = cleaned(zipped(tmp_path, rows))
        expected = {state: sales.GERMANY[state] for state in ("BE", "HB,NI")}
        assert {state: (x, y) for state, x, y in places.itertuples()} == expected

    def test_a_state_in_which_nothing_sold_has_no_place(self, tmp_path: Path) -> None:
        rows = tables()
        rows[sales.PLACES].append(["ZZ", "0", "0"])
        for row in (2, 5):
            put(rows, "train.csv", row, "Sales", "0")
        report, _, places = cleaned(zipped(tmp_path, rows))
        assert [*places.index] == ["BE"]
        assert (report["stores"], report["states"]) == (2, 1)

    def test_columns_that_are_not_needed_are_ignored(
        self, tmp_path: Path, in_order: Cleaned
    ) -> None:
        rows = tables()
        others = sorted({"Customers"}.union(*sales.COLUMNS.values()))
        for table in rows.values():
            for other in others:
                if other not in table[0]:
                    table[:] = [["no number", *cells] for cells in table]
                    table[0][0] = other
        same(cleaned(zipped(tmp_path, rows)), in_order)

    @settings(max_examples=10)
    @given(st.data())
    def test_the_order_of_rows_and_columns_changes_nothing(
        self, scratch: Path, in_order: Cleaned, data: st.DataObject
    ) -> None:
        shuffled = {}
        for name, (head, *rows) in tables().items():
            order = data.draw(st.permutations(range(len(head))))
            turned = [head, *data.draw(st.permutations(rows))]
            shuffled[name] = [[cells[place] for place in order] for cells in turned]
        same(cleaned(zipped(scratch, shuffled)), in_order)

    def test_where_the_source_is_known_its_best_answer_follows_each_row(
        self, tmp_path: Path
    ) -> None:
        # Of days without sales too, and in another order.
        known = [
            f"{store},{date},{day}{store}.5"
            for store in "321"
            for day, date in enumerate(("2015-07-30", "2015-07-26", "2015-07-31"))
        ]
        (tmp_path / "truth.csv").write_text("\n".join(["Store,Date,Best", *known]) + "\n")
        _, kept, _ = cleaned(zipped(tmp_path, tables()))
        assert kept["Best"].tolist() == [13.5, 1.5, 2.5, 21.5, 22.5, 23.5]

    def test_stores_that_never_sold_are_refused(self, tmp_path: Path) -> None:
        rows = tables()
        for row in range(1, len(rows["train.csv"])):
            put(rows, "train.csv", row, "Sales", "0")
        with pytest.raises(PipelineError, match=r"train\.csv: no store ever sold anything"):
            cleaned(zipped(tmp_path, rows))
        rows["train.csv"] = rows["train.csv"][:1]
        with pytest.raises(PipelineError, match=r"train\.csv: no store ever sold anything"):
            cleaned(zipped(tmp_path, rows))


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


class TestRossmann:
    """His file is known by its counts: only its owner can give it."""

    @pytest.mark.parametrize(
        ("counts", "origin"),
        [
            ((9, 3), {"source": "upstream", "name": "Rossmann"}),
            ((10, 3), {"source": "own file", "name": "mine.zip"}),
            ((9, 4), {"source": "own file", "name": "mine.zip"}),
        ],
    )
    def test_a_zip_of_ones_own_of_the_right_counts_is_upstream(
        self,
        project: Project,
        monkeypatch: pytest.MonkeyPatch,
        counts: tuple[int, int],
        origin: dict[str, str],
    ) -> None:
        monkeypatch.setattr(sales, "ROSSMANN", counts)
        content = packed(written(tables()))
        project.file("mine.zip", content)
        own = {**OWN, "url": "mine.zip", "sha256": sha256(content)}
        project.params.write_text(json.dumps({**ALONE, "corpora": {"sales": own}}))
        download.main("sales")
        clean.main("sales")
        report = files.read_json(Path("metrics/clean/sales.json"))
        assert report["origin"] == files.read_json(Path("data/clean/sales/origin.json")) == origin
        assert report["rows"] == 9
        raw = {"source": "own file", "name": "mine.zip"}
        assert files.read_json(Path("data/raw/sales/origin.json")) == raw
