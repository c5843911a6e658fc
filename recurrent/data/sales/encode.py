"""Daily sales as a table of categories: the last rows measure, earlier ones train."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from recurrent import files
from recurrent.data.sales.dataset import Table, as_symbols, symbols
from recurrent.data.splits import Indices
from recurrent.errors import PipelineError
from recurrent.validation import BySource, Count, Fraction, Frozen, Listed

Column = Literal["store", "weekday", "promo", "year", "month", "day", "state"]


class Settings(Frozen):
    """What a row says of a day, and which days train."""

    columns: Listed[Column] = Field(min_length=1)
    test: Fraction  # of the rows, the last ones by time
    valid: Fraction = 0.0  # the ones before them
    # Training rows, of all before those; null: every one.
    sampled: Count | BySource[Count] | None = None
    seed: int = Field(default=0, ge=0, lt=1 << 32)


def encode(clean: Path, settings: Settings) -> tuple[Table, dict[str, object]]:
    """Every sale as levels of its columns."""
    as_written: dict[str, Any] = {"dtype": {"State": str}, "keep_default_na": False}  # "NA" is one
    days = pd.read_csv(clean / "sales.csv", parse_dates=["Date"], **as_written)
    found: dict[str, pd.Series] = {
        "store": days["Store"],
        "weekday": days["DayOfWeek"],
        "promo": days["Promo"],
        "year": days["Date"].dt.year,
        "month": days["Date"].dt.month,
        "day": days["Date"].dt.day,
        "state": days["State"],
    }
    states = pd.read_csv(clean / "states.csv", **as_written)
    places = dict(zip(states["State"], states[["X", "Y"]].to_numpy(float).tolist(), strict=True))
    coded = {str(name): pd.factorize(found[name], sort=True) for name in settings.columns}
    columns = {column: [str(level) for level in levels] for column, (_, levels) in coded.items()}
    codes = np.stack([numbers for numbers, _ in coded.values()], axis=1)
    origin = files.read_json(clean / "origin.json")
    splits = by_time(len(days), settings, origin)
    encoded = Table(
        columns=columns,
        ids=as_symbols(columns, codes),
        values=days["Sales"].to_numpy(np.float64),
        splits=splits,
        best=days["Best"].to_numpy(np.float64) if "Best" in days else None,
        vectors=None,
        places={"state": places} if "state" in columns else {},
        origin=origin,
    )
    report = {
        "origin": origin,
        "rows": len(days),
        **{name: len(rows) for name, rows in splits.items()},
        "levels": {column: len(levels) for column, levels in columns.items()},
        "symbols": len(symbols(columns)),
        "floor": encoded.floor("test"),
    }
    return encoded, {key: value for key, value in report.items() if value is not None}


def by_time(rows: int, settings: Settings, origin: dict[str, str]) -> dict[str, Indices]:
    """Rows come in the order of time: no day that is measured on lies before one that trains."""
    held_out, chooses = int(rows * settings.test), int(rows * settings.valid)
    first = rows - held_out - chooses  # how many may train
    sampled = settings.sampled
    if isinstance(sampled, BySource):
        sampled = sampled.of(origin)
    wanted = first if sampled is None else min(sampled, first)
    if min(wanted, held_out) < 1:
        raise PipelineError(
            f"{rows:,} rows leave {max(wanted, 0):,} to train on and {held_out:,} to measure on.",
            where="params.yaml: datasets",
            remedy="Both must be one at least: change `test` and `valid`, or use a larger corpus.",
        )
    train = np.random.default_rng(settings.seed).choice(first, wanted, replace=False)
    return {
        "train": np.sort(train).astype(np.int32),
        "valid": np.arange(first, first + chooses, dtype=np.int32),
        "test": np.arange(first + chooses, rows, dtype=np.int32),
    }
