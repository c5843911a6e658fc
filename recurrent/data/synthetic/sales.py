"""Synthetic daily sales of a chain of stores, with the best possible prediction of each.

The logarithm of a store's sales on a day is a sum of effects, in integer thousandths: the store,
its state, the weekday, the month, the day, and a promotion, which has more effect early in the
week. The effect of a state, and its change in summer, vary smoothly over a map. Noise of a known
size is added. The files have the format of Kaggle's Rossmann competition.
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
BAYES = "truth.csv"  # the best prediction for each store and day
FIRST, DAYS = date(2013, 1, 1), 942
MIN_STORES = 24  # two per state
STATES = ("AR", "BO", "CE", "DU", "EL", "FA", "GO", "HU", "IR", "JO", "KA", "LU")
UNITS = 1000  # of an effect, per nat
BASE = 8_600
SPREAD = 50  # the noise is a sum of twelve parts, each at most this many units up or down
VARIANCE = Decimal((2 * SPREAD + 1) ** 2 - 1) / UNITS  # of the noise; its root is 0.1 nats

WEEKDAY = (220, 60, 0, 10, 50, -60, -350)  # Monday first
MONTH = (-60, -40, 0, 20, 40, 30, 10, -10, -20, 0, 60, 260)
PROMOTED = (420, 330, 260, 230, 210)  # by weekday; there are no promotions at weekends
PROMOTION_WEEKS = (0, 2)  # of every four
CLOSED = ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))  # month, day
OPEN_ON_SUNDAYS = 8  # every eighth store
COLUMNS = [
    "Store", "DayOfWeek", "Date", "Sales", "Customers", "Open", "Promo", "StateHoliday",
    "SchoolHoliday",
]  # fmt: skip
TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # of each file in the zip, so that its bytes are always the same


class State(NamedTuple):
    """A state and its place on a map of 1000 by 1000."""

    name: str
    x: int
    y: int

    def effect(self, month: int) -> int:
        """Return the effect of the state: sales fall with the distance from the south-west.

        In summer they rise in the north, where people spend their holidays.
        """
        distance = (self.x - 250) ** 2 + (self.y - 300) ** 2
        summer = {6: 1, 7: 2, 8: 2, 9: 1}.get(month, 0)
        return 200 - distance // 1500 + (self.y - 500) * summer // 6


def generate(folder: Path, seed: int, size: int) -> None:
    """Write the zip of tables and the best predictions, for about `size` store days."""
    rng = random.Random(seed)
    states = [State(name, rng.randrange(1000), rng.randrange(1000)) for name in STATES]
    stores = {
        number: (states[number % len(states)], sum(rng.randrange(-150, 151) for _ in range(4)))
        for number in range(1, max(MIN_STORES, size // DAYS) + 1)
    }
    rows = [*draw_days(stores, rng)]
    tables: dict[str, Iterable[Sequence[object]]] = {
        "train.csv": [COLUMNS, *(row for row, _ in reversed(rows))],  # the last day first
        "store.csv": [("Store", "StoreType"), *((store, "a") for store in stores)],
        "store_states.csv": [
            ("Store", "State"),
            *((store, state.name) for store, (state, _) in stores.items()),
        ],
        "states.csv": [("State", "X", "Y"), *states],
    }
    with zipfile.ZipFile(folder / FILE, "w") as archive:
        for name, table in tables.items():
            archive.writestr(zipfile.ZipInfo(name, TIMESTAMP), as_csv(table), zipfile.ZIP_STORED)
    bayes = [("Store", "Date", "Best"), *((row[0], row[2], best(median)) for row, median in rows)]
    (folder / BAYES).write_text(as_csv(bayes), encoding="utf-8", newline="")


def draw_days(
    stores: Mapping[int, tuple[State, int]], rng: random.Random
) -> Iterator[tuple[tuple[object, ...], int]]:
    """Yield a row for each store on each day, and the median of its sales in units."""
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        weekday = day.weekday()
        promoted = number // 7 % 4 in PROMOTION_WEEKS and weekday < len(PROMOTED)
        shared = BASE + WEEKDAY[weekday] + MONTH[day.month - 1] + effect_of_day(day)
        shared += (PROMOTED[weekday] if promoted else 0) + 30 * (day.year - FIRST.year)
        for store, (state, own) in stores.items():
            sunday_off = weekday == 6 and store % OPEN_ON_SUNDAYS
            is_open = not sunday_off and (day.month, day.day) not in CLOSED
            median = shared + own + state.effect(day.month)
            noise = sum(rng.randint(-SPREAD, SPREAD) for _ in range(12))
            sales = int(exponential(Decimal(median + noise)).to_integral()) if is_open else 0
            sold = (sales, sales // 9, int(is_open), int(promoted), 0, int(day.month in (7, 8)))
            yield (store, weekday + 1, day.isoformat(), *sold), median


def effect_of_day(day: date) -> int:
    """Return the effect of the day: sales rise around payday, and before Christmas."""
    if day.month == 12 and 15 <= day.day <= 24:
        return 25 * (day.day - 14)
    return 90 if day.day <= 2 or day.day >= 30 else 40 - 4 * abs(day.day - 16) // 2


def best(median: int) -> Decimal:
    """Return the prediction with the smallest expected percentage error.

    It is below the median, because a prediction that is too high costs more.
    """
    return exponential(median - VARIANCE).quantize(Decimal("0.001"))


@cache
def exponential(units: Decimal) -> Decimal:
    """Return the exponential in decimal arithmetic, which is the same on every machine."""
    return (units / UNITS).exp()


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return the rows as a csv table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
