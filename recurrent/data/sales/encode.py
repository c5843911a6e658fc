"""Encode daily sales as a table of categories; the last days are held out."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from recurrent.common import files
from recurrent.common.config import Count, Fraction, Frozen, Listed
from recurrent.common.errors import PipelineError
from recurrent.data.sales.dataset import Table, as_symbols, symbols
from recurrent.data.splits import Indices

Column = Literal["store", "weekday", "promo", "year", "month", "day", "state"]


class Settings(Frozen):
    """Which categories describe a day, and which days train."""

    columns: Listed[Column] = Field(min_length=1)
    test: Fraction  # share of the rows, the last ones by time
    valid: Fraction = 0.0  # share of the rows, those before the test rows
    sampled: Count | None = None  # training rows, drawn from the earlier ones; null: all of them
    seed: int = Field(default=0, ge=0, lt=1 << 32)


def encode(clean: Path, settings: Settings) -> tuple[Table, dict[str, object]]:
    """Return every sale as levels of its columns, and a report of sizes."""
    as_text: dict[str, Any] = {"dtype": {"State": str}, "keep_default_na": False}  # "NA" is a state
    days = pd.read_csv(clean / "sales.csv", parse_dates=["Date"], **as_text)
    found: dict[str, pd.Series] = {
        "store": days["Store"],
        "weekday": days["DayOfWeek"],
        "promo": days["Promo"],
        "year": days["Date"].dt.year,
        "month": days["Date"].dt.month,
        "day": days["Date"].dt.day,
        "state": days["State"],
    }
    states = pd.read_csv(clean / "states.csv", **as_text)
    places = dict(zip(states["State"], states[["X", "Y"]].to_numpy(float).tolist(), strict=True))
    coded = {str(name): pd.factorize(found[name], sort=True) for name in settings.columns}
    columns = {column: [str(level) for level in levels] for column, (_, levels) in coded.items()}
    codes = np.stack([numbers for numbers, _ in coded.values()], axis=1)
    splits = by_time(len(days), settings)
    encoded = Table(
        columns=columns,
        ids=as_symbols(columns, codes),
        values=days["Sales"].to_numpy(np.float64),
        splits=splits,
        bayes_values=days["Bayes"].to_numpy(np.float64) if "Bayes" in days else None,
        vectors=None,
        places={"state": places} if "state" in columns else {},
        origin=files.read_json(clean / "origin.json"),
    )
    return encoded, {
        "origin": encoded.origin,
        "rows": len(days),
        **{name: len(rows) for name, rows in splits.items()},
        "levels": {column: len(levels) for column, levels in columns.items()},
        "symbols": len(symbols(columns)),
        "bayes": encoded.bayes("test"),
    }


def by_time(rows: int, settings: Settings) -> dict[str, Indices]:
    """Split rows that are sorted by time: training days come before all held-out days."""
    held_out, validation = int(rows * settings.test), int(rows * settings.valid)
    first = rows - held_out - validation  # rows before the held-out ones
    wanted = first if settings.sampled is None else min(settings.sampled, first)
    if min(wanted, held_out) < 1:
        raise PipelineError(
            f"{rows:,} rows leave {max(wanted, 0):,} for training and {held_out:,} for testing.",
            where="params.yaml: datasets",
            remedy="Both need at least one: change `test` and `valid`, or use a larger corpus.",
        )
    train = np.random.default_rng(settings.seed).choice(first, wanted, replace=False)
    return {
        "train": np.sort(train).astype(np.int32),
        "valid": np.arange(first, first + validation, dtype=np.int32),
        "test": np.arange(first + validation, rows, dtype=np.int32),
    }
