"""Shared by our MLflow models: columns, limits, errors and threads."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException

from recurrent.common.errors import PipelineError

SERVED = "_MLFLOW_IS_IN_SERVING_ENVIRONMENT"  # MLflow's scoring server sets it


@contextmanager
def as_bad_request() -> Iterator[None]:
    """Turn an error that the caller can fix into MLflow's exception for a bad request (400)."""
    try:
        yield
    except PipelineError as fault:
        raise MlflowException.invalid_parameter_value(str(fault)) from fault


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: these networks are too small for more."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def text_column(frame: pd.DataFrame, column: str) -> list[str]:
    """Return a column of text."""
    values = frame[column].tolist()
    for row, value in enumerate(values, start=1):
        if not isinstance(value, str):
            raise PipelineError(
                f"must be text, got {value!r:.40}.", where=f"column {column}, row {row}"
            )
    return values


def number_column(values: Sequence[float | None]) -> "pd.Series[Any]":
    """Return a column of numbers. Keep None, which is null in JSON; NaN is not valid JSON."""
    return pd.Series([*values], dtype=object if None in values else float)


def refuse_large(size: int, most: int, unit: str) -> None:
    """Refuse a request to a server that would take longer than the server waits (a minute)."""
    if size > most and os.environ.get(SERVED) == "true":
        raise PipelineError(
            f"the request is too large: {size:,} {unit}.",
            remedy=f"Send requests of at most {most:,} {unit}.",
        )
