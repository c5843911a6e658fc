"""Clean daily sales of stores: a zip of csv tables laid out as in Kaggle's Rossmann competition."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from recurrent.common.config import Corpus, Synthetic
from recurrent.common.errors import PipelineError
from recurrent.data.archive import members
from recurrent.data.synthetic import sales as bundled

FILE = bundled.FILE
LARGEST = 1 << 28  # bytes of an unpacked table; Rossmann's largest has 38 MB
PLACES = "states.csv"  # optional: coordinates of each state; without it the states are Germany's
COLUMNS = {  # the columns that are read of each table
    "train.csv": ("Store", "DayOfWeek", "Date", "Sales", "Open", "Promo"),
    "store.csv": ("Store",),
    "store_states.csv": ("Store", "State"),
    PLACES: ("State", "X", "Y"),
}
RANGES = {  # of the columns that hold whole numbers
    "Store": (1, 65_000),
    "DayOfWeek": (1, 7),
    "Sales": (0, 10**9),
    "Open": (0, 1),
    "Promo": (0, 1),
}
GERMANY = {  # capitals, km east and north; Rossmann's table joins Bremen to Lower Saxony
    "BE": (939, 5845), "BW": (643, 5429), "BY": (811, 5358), "HB,NI": (682, 5829),
    "HE": (577, 5574), "HH": (700, 5960), "NW": (475, 5702), "RP": (579, 5565),
    "SH": (710, 6046), "SN": (962, 5682), "ST": (815, 5802), "TH": (773, 5674),
}  # fmt: skip
ROSSMANN = (1_017_209, 1_115)  # rows and stores of the file that the paper used
Tables = Mapping[str, pd.DataFrame]


def generate(folder: Path, synthetic: Synthetic) -> None:
    """Write the bundled sales, and the Bayes-optimal prediction for each store and day."""
    bundled.generate(folder, synthetic.seed, synthetic.size)


def check(path: Path) -> None:
    """Refuse a file that is not a zip of these tables."""
    read(path)


def clean(path: Path, out: Path, corpus: Corpus) -> dict[str, object]:
    """Write `sales.csv`, a row for each store and day with sales, and `states.csv`."""
    tables = read(path)
    days = tables["train.csv"].merge(tables["store_states.csv"], on="Store", validate="many_to_one")
    sold = days[days["Sales"] > 0].sort_values(["Date", "Store"], kind="stable")
    if sold.empty:
        raise PipelineError(
            "no store has any sales.", where=f"{path}: train.csv", remedy="Use another file."
        )
    columns = ["Date", "Store", "State", "DayOfWeek", "Promo", "Sales"]
    source = path.parent / bundled.BAYES
    if source.exists():
        names = ["Store", "Date", "Bayes"]
        known = pd.read_csv(source, header=0, names=names, parse_dates=["Date"])
        sold = sold.merge(known, on=["Store", "Date"], how="left", validate="one_to_one")
        columns.append("Bayes")
    sold[columns].to_csv(out / "sales.csv", index=False)
    places(tables).loc[sorted(sold["State"].unique())].to_csv(out / "states.csv")
    is_rossmann = (len(days), days["Store"].nunique()) == ROSSMANN
    return {
        **({"origin": {"source": "upstream", "name": "Rossmann"}} if is_rossmann else {}),
        "rows": len(days),
        "kept": {"days with sales": len(sold)},
        "dropped": {"days without sales": len(days) - len(sold)},
        "stores": int(sold["Store"].nunique()),
        "states": int(sold["State"].nunique()),
        "first": f"{sold['Date'].min():%Y-%m-%d}",
        "last": f"{sold['Date'].max():%Y-%m-%d}",
    }


def read(path: Path) -> Tables:
    """Return the tables of the zip, with every cell checked."""
    tables = {}
    for name, content in members(path, [*COLUMNS], LARGEST, optional=(PLACES,)).items():
        where, columns = f"{path}: {name}", [*COLUMNS[name]]
        rows = _table(content, where)
        missing = [column for column in columns if column not in rows]
        if missing:
            raise PipelineError(
                f"the table has no column {', '.join(missing)}.",
                where=where,
                remedy=f"It needs the columns {', '.join(columns)}.",
            )
        tables[name] = _typed(rows[columns], where)
    _refuse_inconsistent(tables, path)
    return tables


def places(tables: Tables) -> pd.DataFrame:
    """Return the coordinates of the states: the zip's own, or Germany's."""
    if PLACES not in tables:
        return pd.DataFrame.from_dict(GERMANY, "index", columns=["X", "Y"]).rename_axis("State")
    return tables[PLACES].set_index("State")


def _table(content: bytes, where: str) -> pd.DataFrame:
    """Parse a csv file; every cell stays a string."""
    try:
        whole = io.BytesIO(content.rstrip() + b"\n")  # a blank line before the end counts as a row
        rows = pd.read_csv(whole, dtype=str, keep_default_na=False, skip_blank_lines=False)
        if not isinstance(rows.index, pd.RangeIndex):  # pandas took the first cells for an index
            raise ValueError("rows have more cells than the first line")
        return rows
    except (ValueError, pd.errors.ParserError) as fault:  # also if the bytes are not UTF-8
        why = " ".join(str(fault).split())[:200]
        raise PipelineError(
            f"the file is not a csv table in UTF-8 ({why}).", where=where, remedy="Save it as one."
        ) from fault


def _typed(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    """Convert numbers and dates; refuse the first cell that is not valid."""
    rows = rows.copy()
    for column, (least, most) in RANGES.items():
        if column in rows:
            found = pd.to_numeric(rows[column], errors="coerce")
            good = found.between(least, most) & (found % 1 == 0)
            wanted = f"a whole number from {least:,} to {most:,}"
            _refuse_first(rows[column], good, where, wanted)
            rows[column] = found.astype(np.int64)
    if "Date" in rows:
        dates = pd.to_datetime(rows["Date"], format="%Y-%m-%d", errors="coerce")
        _refuse_first(rows["Date"], dates.notna(), where, "a date such as 2015-07-31")
        rows["Date"] = dates
    for column in [name for name in ("X", "Y") if name in rows]:
        found = pd.to_numeric(rows[column], errors="coerce").astype(float)
        _refuse_first(rows[column], found.abs() < np.inf, where, "a number")
        rows[column] = found
    return rows


def _refuse_inconsistent(tables: Tables, path: Path) -> None:
    """Refuse repeated rows, stores without a state and states without coordinates."""
    days, states = tables["train.csv"], tables["store_states.csv"]
    for name, keys in (
        ("train.csv", ["Store", "Date"]),
        ("store.csv", ["Store"]),
        ("store_states.csv", ["Store"]),
        *([(PLACES, ["State"])] if PLACES in tables else []),
    ):
        unique = ~tables[name].duplicated(keys)
        wanted = f"unique: there must be one row for each {' and '.join(keys)}"
        _refuse_first(tables[name][keys[-1]], unique, f"{path}: {name}", wanted)
    for name in ("store.csv", "store_states.csv"):
        listed = days["Store"].isin(tables[name]["Store"])
        _refuse_first(days["Store"], listed, f"{path}: train.csv", f"a store of {name}")
    known = states["State"].isin(places(tables).index)
    _refuse_first(states["State"], known, f"{path}: store_states.csv", "a state with coordinates")


def _refuse_first(column: pd.Series, good: "pd.Series[bool]", where: str, wanted: str) -> None:
    """Refuse a column unless all of it is good, and name the first bad row."""
    if not good.all():
        row = int((~good).to_numpy().argmax())
        cell = column.iloc[[row]].astype(str).iloc[0]
        raise PipelineError(
            f"{cell!r:.60} is not {wanted}. Rows with this fault: {int((~good).sum()):,}.",
            where=f"{where}: row {row + 2}, column {column.name}",  # row 1 is the header
            remedy="Fix the file, or download it again.",
        )
