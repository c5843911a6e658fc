"""The rows of the result tables: evaluation writes them; the report and commands read them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from recurrent.common import files
from recurrent.common.errors import PipelineError

NO_CORPUS = "no corpus"  # the source of a study: its numbers are comparable with any source


class Published(NamedTuple):
    """A published number, and ours. It may also be a text that a model wrote.

    Ours is the mean over seeds; of perplexities, the geometric mean. The tolerance has the unit of
    the comparison: nats for losses and for perplexities, whose logarithms are compared; the
    metric's own unit otherwise.
    """

    id: str
    lecture: str
    row: str
    experiment: str  # or the report that the number is read from
    variant: str | None
    seeds: int | None  # or random draws, of a study
    metric: str
    epoch: int | None
    split: str | None  # train, valid or test; None for texts and for studies
    source: str  # bundled, upstream, stand-in, the name of your file, or "no corpus"
    published: float | str
    ours: float | str | None
    sd: float | None  # over seeds, or random draws
    low: float | None  # 95 % prediction interval of one more run, or range of 95 % of random draws
    high: float | None
    bayes: float | None
    verdict: str | None  # reproduced, within seed noise, or differs
    reason: str | None  # why there is no verdict
    tolerance: float | None = None  # as applied; None: a text, random draws, or no verdict
    below: int | None = None  # how many seeds are below the published number
    ensemble: bool = False  # the metric of the seeds' averaged predictions
    agree: int | None = None  # how many seeds wrote the published text


class Score(NamedTuple):
    """One metric of a variant: mean and standard deviation over its seeds."""

    lecture: str
    row: str
    experiment: str
    variant: str
    method: str  # descent or fit
    source: str
    split: str
    records: str  # names the records; models are comparable on the same ones
    count: int  # type: ignore[assignment]  # tuples have a method of that name
    metric: str
    ours: float
    sd: float | None
    seeds: int
    ensemble: float | None  # the metric of the seeds' averaged predictions
    bayes: float | None  # the best possible, where the source is known
    by_prefix: bool = False  # the model can see ahead, so it was measured on prefixes only

    @property
    def name(self) -> str:
        """`experiment/variant`."""
        return f"{self.experiment}/{self.variant}"


class Comparison(NamedTuple):
    """The difference between two models.

    A baseline or a rival was measured on the same records: the difference is positive if the first
    model is better, for any metric, and its standard error covers the choice of test records and of
    seeds. For `held_out`, the difference is the metric on held-out records minus the metric on the
    lecture's own, for the same model.
    """

    kind: str  # baseline, rival or held_out
    lecture: str
    experiment: str
    variant: str
    rival: str  # experiment/variant
    split: str
    metric: str
    ensemble: bool
    difference: float
    standard_error: float | None  # of a baseline's or rival's difference
    verdict: str | None  # better, level or worse; none for held_out
    sd: float | None = None  # over seeds, of a held_out difference
    bayes: float | None = None  # the same difference for the best possible value
    degrees: float | None = None  # of freedom of the standard error
    seeds: int | None = None  # the fewest of a network; 1: the error omits its seed noise


class Claim(NamedTuple):
    """A statement that a lecture makes, as an inequality between a measured value and a bound."""

    id: str
    lecture: str
    row: str
    statement: str
    measured: str  # what `value` is
    unit: str
    value: float | None  # None: not run, or the corpus is unavailable
    low: float | None  # 95 % interval over seeds, or the margin alone
    high: float | None
    relation: str  # below or above
    bound: float
    seeds: int | None  # the fewest of the models involved; None: no model is involved
    source: str  # as of Published
    models: str  # experiment/variant, separated by spaces
    verdict: str | None  # holds, fails or undecided
    reason: str | None  # why it does not hold on this corpus, if known, or why there is no verdict


Row = TypeVar("Row", Published, Score, Comparison, Claim)


def write(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write a table as csv; without rows, it has only a header."""
    table = pd.DataFrame([*rows], columns=[*kind.__annotations__], dtype=object)
    files.write_text(path, table.to_csv(index=False, lineterminator="\n"))


def read(path: Path, kind: type[Row]) -> list[Row]:
    """Return the rows of a table; an empty list if there is no such file."""
    if not path.is_file():
        return []
    types: dict[str, Any] = kind.__annotations__
    table: pd.DataFrame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if missing := {*types} - {*table.columns}:
        raise PipelineError(
            f"column {min(missing)} is missing: another version of the code wrote this file.",
            where=str(path),
            remedy="Run dvc repro; for metrics/upstream, run recurrent replicate.",
        )
    return [
        kind(*(_value(cell, wanted) for cell, wanted in zip(line, types.values(), strict=True)))
        for line in table[[*types]].itertuples(index=False)
    ]


def _value(cell: str, wanted: Any) -> Any:
    """Return a cell as its column's type; an empty cell is None where that is allowed."""
    allowed = getattr(wanted, "__args__", (wanted,))
    if cell == "" and type(None) in allowed:
        return None
    for kind in (bool, int, float):
        if kind in allowed:
            try:
                return cell == "True" if kind is bool else kind(cell)
            except ValueError:
                continue
    return cell
