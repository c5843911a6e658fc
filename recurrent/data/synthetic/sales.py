"""Daily sales of a chain of stores, from a source that is known, in the files that Rossmann's have.

The logarithm of a store's sales on a day is a sum of effects in thousandths, integers all, so that
every machine draws the same: of the store; of its state, which changes smoothly over a map, and so
does what summer does to it; of the weekday, the month and the day; of a promotion, which does more
at the beginning of a week. On top comes noise of a known size.
"""

import csv
import io
import random
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = "sales.zip"
TRUTH = "truth.csv"  # of each day and store the best answer, beside the zip
TABLES = ("train.csv", "store.csv", "store_states.csv", "states.csv")
FIRST, DAYS = date(2013, 1, 1), 942
FEWEST = 24  # stores: two a state
STATES = ("AR", "BO", "CE", "DU", "EL", "FA", "GO", "HU", "IR", "JO", "KA", "LU")
UNITS = 1000  # of an effect: thousandths of a nat
BASE = 8_600
SPREAD = 50  # each of the twelve parts of the noise: so many units up or down
VARIANCE = Decimal((2 * SPREAD + 1) ** 2 - 1) / UNITS  # of their sum; its root is 0.1 nats

WEEKDAY = (220, 60, 0, 10, 50, -60, -350)  # Monday first
MONTH = (-60, -40, 0, 20, 40, 30, 10, -10, -20, 0, 60, 260)
PROMOTED = (420, 330, 260, 230, 210, 120, 60)  # by weekday
PROMOTIONS = (0, 2)  # weeks of four, from Monday to Friday
CLOSED = ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))  # month, day
OPEN_ON_SUNDAYS = 8  # every eighth store
HEADER = (
    "Store", "DayOfWeek", "Date", "Sales", "Customers", "Open", "Promo", "StateHoliday",
    "SchoolHoliday",
)  # fmt: skip
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in the zip, stored as it is: the same bytes each time


class State(NamedTuple):
    """Where it lies on a map of 1000 by 1000."""

    name: str
    x: int
    y: int

    @property
    def effect(self) -> int:
        """Falls from a centre in the south-west."""
        return 200 - ((self.x - 250) ** 2 + (self.y - 300) ** 2) // 1500

    def of_summer(self, month: int) -> int:
        """More in the north, where people spend their holidays."""
        return (self.y - 500) * {6: 1, 7: 2, 8: 2, 9: 1}.get(month, 0) // 6


def generate(folder: Path, seed: int, size: int) -> None:
    """Write the zip of tables and the truth, of about `size` days and stores together."""
    rng = random.Random(seed)
    states = [State(name, rng.randrange(1000), rng.randrange(1000)) for name in STATES]
    stores = {
        number: (states[number % len(states)], sum(rng.randrange(-150, 151) for _ in range(4)))
        for number in range(1, max(FEWEST, size // DAYS) + 1)
    }
    rows = [*days(stores, rng)]
    tables: dict[str, list[Sequence[object]]] = {
        "train.csv": [HEADER, *(row for row, _ in reversed(rows))],  # the last day first
        "store.csv": [("Store", "StoreType"), *((store, "a") for store in stores)],
        "store_states.csv": [
            ("Store", "State"),
            *((store, state.name) for store, (state, _) in stores.items()),
        ],
        "states.csv": [("State", "X", "Y"), *states],
    }
    with zipfile.ZipFile(folder / FILE, "w") as archive:
        for name, table in tables.items():
            about = zipfile.ZipInfo(name, EPOCH)
            archive.writestr(about, as_csv(table), zipfile.ZIP_STORED)
    truth = [("Store", "Date", "Best"), *((row[0], row[2], best(median)) for row, median in rows)]
    (folder / TRUTH).write_text(as_csv(truth), encoding="utf-8", newline="")


def days(
    stores: Mapping[int, tuple[State, int]], rng: random.Random
) -> Iterator[tuple[tuple[object, ...], int]]:
    """Every store on every day, and the median of its sales there in units."""
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        week, weekday = number // 7, day.isoweekday()
        for store, (state, own) in stores.items():
            sunday = weekday == 7 and store % OPEN_ON_SUNDAYS
            is_open = not sunday and (day.month, day.day) not in CLOSED
            promoted = week % 4 in PROMOTIONS and weekday <= 5
            median = BASE + own + state.effect + state.of_summer(day.month)
            median += WEEKDAY[weekday - 1] + MONTH[day.month - 1] + of_day(day)
            median += PROMOTED[weekday - 1] * promoted + 30 * (day.year - FIRST.year)
            noise = sum(rng.randint(-SPREAD, SPREAD) for _ in range(12))
            sales = int(exponential(Decimal(median + noise)).to_integral()) if is_open else 0
            sold = (sales, sales // 9, int(is_open), int(promoted), 0, int(day.month in (7, 8)))
            yield (store, weekday, day.isoformat(), *sold), median


def of_day(day: date) -> int:
    """People are paid at the end of a month, and buy presents before Christmas."""
    if day.month == 12 and 15 <= day.day <= 24:
        return 25 * (day.day - 14)
    return 90 if day.day <= 2 or day.day >= 30 else 40 - 4 * abs(day.day - 16) // 2


def best(median: int) -> Decimal:
    """The answer that errs by the smallest share: below the median, as too much weighs more."""
    return exponential(median - VARIANCE).quantize(Decimal("0.001"))


@cache
def exponential(units: Decimal) -> Decimal:
    """The exponential of so many units: the same on every machine, unlike a processor's."""
    return (units / UNITS).exp()


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """The rows as a table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
