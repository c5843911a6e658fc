"""The claims of lectures.yaml as validated values: inequalities over measured quantities."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from recurrent.common.config import Count, Frozen, Listed

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]  # experiment/variant
Number = float | int
Source = Annotated[str, Field(pattern="^(bundled|upstream|stand-in|no corpus)$")]


class Metric(Frozen):
    """A metric of a trained model; with `epoch`, one in its training history."""

    model: Name
    metric: str
    epoch: Count | None = None
    last: Count = 1  # take the median of this many epochs, up to `epoch`


class Reported(Frozen):
    """A number in a JSON file."""

    report: str
    key: Listed[str]  # the keys that lead to it


class Tabled(Frozen):
    """A column of a csv file, reduced to one number; one per seed if there is a column `seed`."""

    table: str
    model: Name | None = None  # only its rows
    where: dict[str, str | Number] = Field(default_factory=dict)  # only rows with these values
    column: str
    over: str | None = None  # divide by this column
    reduce: Literal["max", "min", "mean", "median"] = "mean"


class Cycles(Frozen):
    """The share of a model's greedy samples that end in a repeating cycle."""

    cycles: Name


class Seconds(Frozen):
    """The seconds that a model's training runs take, in the benchmark of a first run."""

    seconds: Name


class Extreme(Frozen):
    """The largest or the smallest of several quantities."""

    largest: "Listed[Quantity]" = ()
    smallest: "Listed[Quantity]" = ()

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if bool(self.largest) == bool(self.smallest):
            raise ValueError("give either `largest` or `smallest`, and at least one quantity")
        if len({*map(is_log, self.parts)}) > 1:
            raise ValueError("perplexities and ratios cannot be mixed with other quantities")
        return self

    @property
    def parts(self) -> "tuple[Quantity, ...]":
        """The quantities to choose from."""
        return self.largest or self.smallest


class Pair(Frozen):
    """A quantity, or the difference or ratio of two."""

    value: "Quantity"
    minus: "Quantity | None" = None
    over: "Quantity | None" = None

    @model_validator(mode="after")
    def _one_operation(self) -> Self:
        if self.minus is not None and self.over is not None:
            raise ValueError("give `minus` or `over`, not both")
        if self.minus is not None and (is_log(self.value) or is_log(self.minus)):
            raise ValueError("compare perplexities and ratios by `over`, not by `minus`")
        if self.over is not None and (is_difference(self.value) or is_difference(self.over)):
            raise ValueError("a difference may be negative: it has no ratio")
        return self


KINDS = {  # the kind of a quantity, by the key that it has
    "metric": "metric of a model",
    "report": "number in a report",
    "table": "column of a table",
    "cycles": "share of texts",
    "seconds": "time of a model",
    "largest": "largest of several",
    "smallest": "largest of several",
    "value": "difference or ratio",
}


def _kind(quantity: Any) -> str | None:
    if isinstance(quantity, Number):
        return "plain number"
    return next((kind for key, kind in KINDS.items() if key in quantity), None)


Quantity = Annotated[
    Annotated[Number, Tag("plain number")]
    | Annotated[Metric, Tag("metric of a model")]
    | Annotated[Reported, Tag("number in a report")]
    | Annotated[Tabled, Tag("column of a table")]
    | Annotated[Cycles, Tag("share of texts")]
    | Annotated[Seconds, Tag("time of a model")]
    | Annotated[Extreme, Tag("largest of several")]
    | Annotated[Pair, Tag("difference or ratio")],
    Discriminator(
        _kind,
        custom_error_type="unknown_quantity",
        custom_error_message=f"give a number, or one of the keys {', '.join(KINDS)}",
    ),
]


class Statement(Pair):
    """A statement that a lecture makes: what was measured lies below or above a bound."""

    row: str
    statement: str
    measured: str  # what the value is
    unit: str
    below: Number | None = None
    above: Number | None = None
    margin: Annotated[Number, Field(ge=0)]  # the interval reaches at least this far on each side
    why: dict[Source, str] = Field(default_factory=dict)  # why it does not hold

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.below is None) == (self.above is None):
            raise ValueError("give either `below` or `above`")
        return self

    @property
    def relation(self) -> str:
        """Return the claimed side of the bound: above or below."""
        return "above" if self.below is None else "below"

    @property
    def bound(self) -> float:
        """Return the bound."""
        return float(self.below if self.above is None else self.above)  # type: ignore[arg-type]


Extreme.model_rebuild()
Pair.model_rebuild()


def is_log(quantity: Quantity | None) -> bool:
    """Return whether a quantity is averaged as logarithms, as perplexities and ratios are."""
    match quantity:
        case Metric(metric=metric):
            return "perplexity" in metric
        case Extreme(parts=parts):
            return any(map(is_log, parts))
        case Pair():
            return quantity.over is not None or is_log(quantity.value)
    return False


def is_difference(quantity: Quantity | None) -> bool:
    """Return whether a quantity is a difference, or one of several."""
    match quantity:
        case Extreme(parts=parts):
            return any(map(is_difference, parts))
        case Pair():
            return quantity.minus is not None or is_difference(quantity.value)
    return False


def names_of(quantity: Quantity | None) -> Iterator[str]:
    """Yield every model that a quantity names."""
    match quantity:
        case (
            Metric(model=name)
            | Tabled(model=str(name))
            | Cycles(cycles=name)
            | Seconds(seconds=name)
        ):
            yield name
        case Extreme(parts=parts):
            for part in parts:
                yield from names_of(part)
        case Pair(value=value, minus=minus, over=over):
            for operand in (value, minus, over):
                yield from names_of(operand)
