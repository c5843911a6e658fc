"""lectures.yaml as validated, frozen values: what each lecture publishes and claims."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from recurrent.common import paths
from recurrent.common.config import Count, Frozen, Key, Listed, explain, read_yaml
from recurrent.common.errors import PipelineError
from recurrent.evaluation.equivalence import kind_of, to_scale, tolerance_of
from recurrent.evaluation.quantities import Name, Statement

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Number:
    """One published number or text, and where ours is found."""

    row: str
    metric: str
    id: str = ""  # stable: `A4.valid_loss.epoch_4`
    published: float | str = ""
    tolerance: float | None = None  # see equivalence.py; None: a text, or a random draw
    name: str | None = None  # experiment/variant
    epoch: int | None = None  # the metric in the history at that epoch; None: of the trained model
    ensemble: bool = False  # the metric of the seeds' averaged answers
    prefix: str | None = None  # the text is what the model wrote after it
    report: str | None = None  # a JSON file
    key: tuple[str, ...] = ()  # the keys that lead to the number in it
    no_verdict: str | None = None  # why a comparison would mean nothing

    @property
    def place(self) -> float:
        """The published number in the unit of its comparison."""
        return to_scale(self.metric, float(self.published))


class Entry(Frozen):
    """Published numbers of one row and metric, all of one of four kinds.

    `epochs` and `texts` belong to an `experiment`, `values` to a `report`.
    """

    row: str
    metric: str  # with a `report`, `{}` is replaced by the key of each value
    models: dict[Name, float | int] = Field(default_factory=dict)  # of trained models
    experiment: Name | None = None
    epochs: dict[int, float | int] = Field(default_factory=dict)  # of its history
    texts: dict[str, str] = Field(default_factory=dict)  # what it wrote, by prefix
    report: str | None = None  # a JSON file
    key: Listed[str] = ()  # the keys that lead to the values in it
    values: dict[str, float | int] = Field(default_factory=dict)  # by their last key
    tolerance: Annotated[float | int, Field(ge=0)] | None = None  # of metrics without a fixed rule
    test_size: Count | None = None  # records behind a published accuracy
    random_draw: bool = False  # the lecture drew its data without a seed, so we draw many times
    ensemble: bool = False
    no_verdict: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [bool(self.models), bool(self.epochs), bool(self.texts), bool(self.values)]
        if sum(kinds) != 1:
            raise ValueError("give exactly one of `models`, `epochs`, `texts` and `values`")
        if bool(self.experiment) != bool(self.epochs or self.texts):
            raise ValueError("`experiment` goes with `epochs` or `texts`")
        if bool(self.report) != bool(self.values):
            raise ValueError("`report` goes with `values`")
        if self.ensemble and not self.models:
            raise ValueError("`ensemble` goes with `models`")
        return self

    @model_validator(mode="after")
    def _one_tolerance(self) -> Self:
        kind = None if self.values else kind_of(self.metric)
        if (kind == "accuracy") != bool(self.test_size):
            raise ValueError("`test_size` goes with an accuracy")
        if self.random_draw and not self.values:
            raise ValueError("`random_draw` goes with `values`")
        fixed = bool(kind or self.texts or self.random_draw)
        if fixed and self.tolerance is not None:
            raise ValueError("remove `tolerance`: what reproduces this is fixed")
        if not fixed and self.tolerance is None:
            raise ValueError("give `tolerance`: how much ours may differ")
        return self

    @property
    def numbers(self) -> Iterator[Number]:
        """Every published number of this entry."""
        common = Number(
            row=self.row,
            metric=self.metric,
            name=self.experiment,
            tolerance=self.tolerance,
            no_verdict=self.no_verdict,
        )
        for name, value in self.models.items():
            yield replace(
                common,
                id=".".join([self.row, *name.split("/"), self.metric]),
                published=value,
                tolerance=self._allowed(value),
                name=name,
                ensemble=self.ensemble,
            )
        for epoch, value in self.epochs.items():
            yield replace(
                common,
                id=f"{self.row}.{self.metric}.epoch_{epoch}",
                published=value,
                tolerance=self._allowed(value),
                epoch=epoch,
            )
        for prefix, text in self.texts.items():
            after = re.sub(r"\W+", "_", prefix).strip("_")
            place = f"{self.row}.after_{after}.{len(text) - len(prefix)}"
            yield replace(common, id=place, published=text, prefix=prefix)
        for key, value in self.values.items():
            yield replace(
                common,
                id=".".join([self.row, *self.key, key]),
                metric=self.metric.replace("{}", key),
                published=value,
                report=self.report,
                key=(*self.key, key),
            )

    def _allowed(self, published: float) -> float | None:
        if self.tolerance is not None:
            return self.tolerance
        return tolerance_of(self.metric, published, self.test_size)


class Table(Frozen):
    """A grid of models that differ in two ways, compared by one metric."""

    row: str
    title: str
    metric: str
    epoch: Count | None = None  # the metric in the history at that epoch; None: of trained models
    last: Count = 1  # take the median of this many epochs, up to `epoch`
    columns: Listed[str]
    rows: dict[str, Listed[Name | None]]  # the model for each column; null: no model
    reference: Name | None = None  # a model without a network, to compare all others with

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        for row, names in self.rows.items():
            if len(names) != len(self.columns):
                raise ValueError(f"{row}: give a model, or null, for each column")
        return self

    @property
    def names(self) -> Iterator[str]:
        """Every model in the table."""
        return (name for row in self.rows.values() for name in row if name is not None)


class Found(Frozen):
    """What we found: two sentences for the bundled corpora, and two for the upstream ones."""

    bundled: str = ""
    upstream: str = ""


class Lecture(Frozen):
    """A lecture: its published numbers, its claims, its own tables, and their caveats."""

    title: str
    short: str = ""  # the title in one word
    given_by: str
    shows: str = ""  # what the lecture shows, in one or two sentences
    found: Found = Found()
    headline: str  # the metric by which its models are compared
    better: Better
    rows: dict[str, str]  # a title for each row of the lecture
    default_row: str  # for models that no published number or table names
    published: Listed[Entry]
    claims: dict[Key, Statement] = Field(default_factory=dict)
    tables: Listed[Table] = ()
    rivals: dict[Name, Name] = Field(default_factory=dict)  # instead of the best baseline
    counterparts: dict[Name, Name] = Field(default_factory=dict)  # held-out model: the lecture's
    names: dict[Name, str] = Field(default_factory=dict)  # what the report calls each model
    caveats: dict[str, str] = Field(default_factory=dict)  # by row

    @model_validator(mode="after")
    def _rows_are_known(self) -> Self:
        used = [entry.row for entry in self.published]
        used += [self.default_row, *self.caveats, *(table.row for table in self.tables)]
        used += [claim.row for claim in self.claims.values()]
        if unknown := set(used) - self.rows.keys():
            raise ValueError(f"`rows` has no {min(unknown)!r}")
        return self

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [number.id for number in self.numbers]
        if twice := {one for one in ids if ids.count(one) > 1}:
            raise ValueError(f"{min(twice)} is published twice")
        return self

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Every published number, in the order of the file."""
        return tuple(number for one in self.published for number in one.numbers)

    def counterpart(self, name: str) -> str | None:
        """Return the model that corresponds to a held-out one, measured as in the lecture."""
        experiment, _, variant = name.partition("/")
        if variant == "held_out":
            return f"{experiment}/lecture"
        if variant.endswith("_held_out"):
            return f"{experiment}/{variant.removesuffix('_held_out')}"
        return self.counterparts.get(name)

    def row_of(self, name: str) -> str:
        """Return the row that a model belongs to."""
        wanted = {name, self.counterpart(name) or name}
        rows = [number.row for number in self.numbers if number.name in wanted]
        rows += [table.row for table in self.tables if wanted & {*table.names}]
        return rows[0] if rows else self.default_row


LECTURES = TypeAdapter(dict[Key, Lecture])


def load(path: Path = paths.LECTURES) -> dict[str, Lecture]:
    """Read and check the file."""
    values = read_yaml(path)
    try:
        return LECTURES.validate_python(values)
    except ValidationError as fault:
        raise PipelineError(f"{explain(fault, values)}.", where=str(path)) from fault
