"""A small zip of sales. Its tables are lists of cells, so that tests can change them."""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from recurrent.data.sales import clean as sales

Rows = list[list[str]]  # the first one holds the column names
DAYS = {"2015-07-31": "5", "2015-07-30": "4", "2015-07-26": "7"}  # latest first, as in Kaggle's
SALES = {"1": (500, 400, 0), "2": (50, 40, 0), "3": (900, 0, 700)}  # of each store on those days
STATES = {"1": "BE", "2": "HB,NI", "3": "BE"}


def tables() -> dict[str, Rows]:
    """Return three stores in two German states on three days, one of them a Sunday."""
    days = [
        [store, weekday, date, str(SALES[store][day]), str(int(SALES[store][day] > 0)), "1"]
        for day, (date, weekday) in enumerate(DAYS.items())
        for store in SALES
    ]
    return {
        "train.csv": [["Store", "DayOfWeek", "Date", "Sales", "Open", "Promo"], *days],
        "store.csv": [["Store", "StoreType"], *([store, "a"] for store in SALES)],
        "store_states.csv": [["Store", "State"], *([*pair] for pair in STATES.items())],
        "states.csv": [["State", "X", "Y"], ["BE", "1.5", "-2"], ["HB,NI", "3", "4e2"]],
    }


def written(rows: Mapping[str, Rows]) -> dict[str, bytes]:
    """Return each table as the bytes of a csv file."""
    found = {}
    for name, table in rows.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(table)
        found[name] = text.getvalue().encode()
    return found


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zipped(folder: Path, rows: Mapping[str, Rows]) -> Path:
    """Write a zip of these tables."""
    path = folder / sales.FILE
    path.write_bytes(packed(written(rows)))
    return path


def put(rows: dict[str, Rows], name: str, row: int, column: str, cell: str) -> None:
    """Change one cell of a table."""
    rows[name][row][rows[name][0].index(column)] = cell
