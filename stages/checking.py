"""Values from a file, frozen and checked: a fault names every key that is wrong."""

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from stages.errors import PipelineError

Item = TypeVar("Item")
Kind = TypeVar("Kind", bound=BaseModel)
Fraction = Annotated[float, Field(ge=0, lt=1)]
# YAML has lists; frozen values are tuples.
Listed = Annotated[
    tuple[Item, ...],
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
]


class Frozen(BaseModel):
    """Immutable, and strict about keys and types: 'yes' is no boolean, 1.5 is no count."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def explain(fault: ValidationError, values: Any) -> str:
    """Every key that is wrong, and what is wrong with it."""
    lines = []
    for error in fault.errors():
        place = ".".join(_keys(error["loc"], values))
        message = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            message = "unknown key (a misspelling?)"
        elif error["type"] != "missing" and not isinstance(error["input"], dict):
            message += f" (found {error['input']!r})"
        lines.append(f"{place}: {message}" if place else message)
    return "; ".join(lines) + "."


def checked(kind: type[Kind], values: dict[str, Any], where: str) -> Kind:
    """`values` as settings of that kind, or an error that names the wrong keys."""
    try:
        return kind.model_validate(values)
    except ValidationError as fault:
        raise PipelineError(explain(fault, values), where=where) from fault


def _keys(location: tuple[int | str, ...], values: Any) -> Iterator[str]:
    """A fault's place as the file has it: pydantic's also names the variants of a union."""
    for number, part in enumerate(location, 1):
        inside = isinstance(values, dict) and part in values
        inside = inside or (isinstance(values, list) and isinstance(part, int))
        if inside:
            values = values[part]
        if inside or (number == len(location) and isinstance(values, dict)):
            yield str(part)
