"""Daily sales of stores: three tables of Kaggle's Rossmann competition in a zip, or our own."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from recurrent.config import Corpus
from recurrent.data.archive import members
from recurrent.data.synthetic import sales as bundled
from recurrent.errors import PipelineError

FILE = bundled.FILE
LARGEST = 1 << 28  # bytes of a table unpacked: Rossmann's largest has 38 MB
PLACES = "states.csv"  # where each state lies; without it they are Germany's
COLUMNS = {  # table -> its columns that are read
    "train.csv": ("Store", "DayOfWeek", "Date", "Sales", "Open", "Promo"),
    "store.csv": ("Store",),
    "store_states.csv": ("Store", "State"),
    PLACES: ("State", "X", "Y"),
}
GERMANY = {  # km east and north: of the capitals; Rossmann's table has Bremen with Lower Saxony
    "BE": (939, 5845), "BW": (643, 5429), "BY": (811, 5358), "HB,NI": (682, 5829),
    "HE": (577, 5574), "HH": (700, 5960), "NW": (475, 5702), "RP": (579, 5565),
    "SH": (710, 6046), "SN": (962, 5682), "ST": (815, 5802), "TH": (773, 5674),
}  # fmt: skip
ROSSMANN = (1_017_209, 1_115)  # rows and stores of the file that the paper used
WHOLE = {"Store": (1, 65_000), "DayOfWeek": (1, 7), "Sales": (0, 10**9), "Open": (0, 1)}
WHOLE |= {"Promo": (0, 1)}
Tables = Mapping[str, pd.DataFrame]

generate = bundled.generate


def check(path: Path) -> None:
    """Refuse a file that is no zip of these tables."""
    read(path)


def clean(path: Path, out: Path, corpus: Corpus) -> dict[str, object]:
    """Write `sales.csv`, a line a store and day that sold, and `states.csv`, where they lie."""
    tables = read(path)
    days = tables["train.csv"].merge(tables["store_states.csv"], on="Store", validate="many_to_one")
    sold = days[days["Sales"] > 0].sort_values(["Date", "Store"], kind="stable")
    if sold.empty:
        raise PipelineError("no store ever sold anything.", where=f"{path}: train.csv")
    truth = path.parent / bundled.TRUTH
    wanted = ["Date", "Store", "State", "DayOfWeek", "Promo", "Sales"]
    if truth.exists():
        known = pd.read_csv(truth, parse_dates=["Date"])
        sold = sold.merge(known, on=["Store", "Date"], how="left", validate="one_to_one")
        wanted.append("Best")
    sold[wanted].to_csv(out / "sales.csv", index=False)
    places(tables).loc[sorted(sold["State"].unique())].to_csv(out / "states.csv")
    theirs = (len(days), days["Store"].nunique()) == ROSSMANN
    return {
        **({"origin": {"source": "upstream", "name": "Rossmann"}} if theirs else {}),
        "rows": len(days),
        "kept": {"days of a store": len(sold)},
        "dropped": {"nothing sold": len(days) - len(sold)},
        "stores": int(sold["Store"].nunique()),
        "states": int(sold["State"].nunique()),
        "first": f"{sold['Date'].min():%Y-%m-%d}",
        "last": f"{sold['Date'].max():%Y-%m-%d}",
    }


def read(path: Path) -> Tables:
    """The tables of the zip, each row of them checked."""
    tables = {}
    for name, content in members(path, [*COLUMNS], LARGEST, optional=(PLACES,)).items():
        where, columns = f"{path}: {name}", [*COLUMNS[name]]
        rows = table(content, where)
        missing = [column for column in columns if column not in rows]
        if missing:
            raise PipelineError(
                f"has no column {', '.join(missing)}.",
                where=where,
                remedy=f"It should have {', '.join(columns)}, as Kaggle's has.",
            )
        tables[name] = numbers(rows[columns], where)
    refuse(tables, path)
    return tables


def table(content: bytes, where: str) -> pd.DataFrame:
    """A csv file, every cell as it is written."""
    try:
        whole = io.BytesIO(content.rstrip() + b"\n")  # but for the end, a blank line is a row
        rows = pd.read_csv(whole, dtype=str, keep_default_na=False, skip_blank_lines=False)
        if not isinstance(rows.index, pd.RangeIndex):  # pandas took the first cells for names
            raise ValueError("its rows have more cells than its first line")
        return rows
    except (ValueError, pd.errors.ParserError) as fault:  # also of bytes that are not UTF-8
        why = " ".join(str(fault).split())[:200]
        raise PipelineError(f"is no table in UTF-8 ({why}).", where=where) from fault


def numbers(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    """The same, numbers and dates where they should be; the first cell that is none is named."""
    rows = rows.copy()
    for column, (least, most) in WHOLE.items():
        if column in rows:
            found = pd.to_numeric(rows[column], errors="coerce")
            good = found.between(least, most) & (found % 1 == 0)
            name_first(rows[column], good, where, f"a whole number from {least:,} to {most:,}")
            rows[column] = found.astype(np.int64)
    if "Date" in rows:
        dates = pd.to_datetime(rows["Date"], format="%Y-%m-%d", errors="coerce")
        name_first(rows["Date"], dates.notna(), where, "a date such as 2015-07-31")
        rows["Date"] = dates
    for column in [name for name in ("X", "Y") if name in rows]:
        found = pd.to_numeric(rows[column], errors="coerce").astype(float)
        name_first(rows[column], found.abs() < np.inf, where, "a number")
        rows[column] = found
    return rows


def refuse(tables: Tables, path: Path) -> None:
    """What no single cell shows: repeated rows, stores without a state, states without a place."""
    days, states = tables["train.csv"], tables["store_states.csv"]
    for name, keys in (
        ("train.csv", ["Store", "Date"]),
        ("store.csv", ["Store"]),
        ("store_states.csv", ["Store"]),
        *([(PLACES, ["State"])] if PLACES in tables else []),
    ):
        rows = tables[name]
        once = ~rows.duplicated(keys)
        wanted = f"one row for each {' and '.join(keys)}"
        name_first(rows[keys[-1]], once, f"{path}: {name}", wanted)
    for name in ("store.csv", "store_states.csv"):
        listed = days["Store"].isin(tables[name]["Store"])
        name_first(days["Store"], listed, f"{path}: train.csv", f"a store of {name}")
    known = states["State"].isin(places(tables).index)
    name_first(states["State"], known, f"{path}: store_states.csv", "a state that has a place")


def places(tables: Tables) -> pd.DataFrame:
    """Where the states lie: by the zip's own table, or in Germany."""
    if PLACES not in tables:
        return pd.DataFrame.from_dict(GERMANY, "index", columns=["X", "Y"]).rename_axis("State")
    return tables[PLACES].set_index("State")


def name_first(column: pd.Series, good: "pd.Series[bool]", where: str, wanted: str) -> None:
    """Refuse a column that is not all good; the first row that is not is named."""
    if not good.all():
        row = int((~good).to_numpy().argmax())
        cell = column.iloc[[row]].astype(str).iloc[0]
        raise PipelineError(
            f"{cell!r:.60} is not {wanted}; {int((~good).sum()):,} such rows.",
            where=f"{where}: row {row + 2}, column {column.name}",  # the header is row 1
            remedy="Mend the file, or take Kaggle's again.",
        )
