"""Sales of stores: what is kept, and whose file it is."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurrent import config as params
from recurrent import files
from recurrent.data.sales import clean as sales
from recurrent.errors import PipelineError
from stages import clean, download
from tests.data.stores import packed, put, tables, written, zipped
from tests.project import ROOT, Project, sha256

CORPUS = params.load(ROOT / "params.yaml").corpora["sales"]
ALONE = {"source": "bundled", "datasets": {}, "experiments": {}}
OWN = {"module": "sales", "bundled": {"seed": 0, "size": 1}}
Cleaned = tuple[dict[str, object], pd.DataFrame, pd.DataFrame]


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
