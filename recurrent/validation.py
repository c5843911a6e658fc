"""Values from a file, frozen and checked: a fault names every key that is wrong."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from reprlib import Repr
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

from recurrent.errors import PipelineError

Item = TypeVar("Item")
Value = TypeVar("Value")
Kind = TypeVar("Kind", bound=BaseModel)
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
# YAML has lists; frozen values are tuples.
Listed = Annotated[
    tuple[Item, ...],
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
]

LARGEST = 1 << 20  # bytes of a file of settings
MOST, DEEPEST = 100_000, 50  # values in it, aliases followed; how many levels of them
TOLD = 10  # faults in one message
brief = Repr()  # of a wrong value: no longer than people read
brief.maxstring = brief.maxother = 80


class Frozen(BaseModel):
    """Immutable, and strict about keys and types: 'yes' is no boolean, 1.5 is no count."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class BySource(Frozen, Generic[Value]):
    """One value for a bundled corpus, which is to be quick, and one for a real one."""

    bundled: Value
    other: Value

    def of(self, origin: Mapping[str, str]) -> Value:
        """The one for that source."""
        return self.bundled if origin["source"] == "bundled" else self.other


def read_yaml(path: Path) -> Any:
    """What a YAML file says, if it is of a size that people write."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise PipelineError(
            f"there is no {path.name} here.", remedy="Run from the project's folder."
        ) from None
    except OSError as fault:
        raise PipelineError(f"cannot be read: {fault.strerror}.", where=str(path)) from fault
    if len(content) > LARGEST:
        raise PipelineError(f"is larger than {LARGEST >> 10:,} KiB.", where=str(path))
    try:
        text = content.decode("utf-8")
        too_deep = next((line for line, depth in _depths(text) if depth > DEEPEST), None)
        values = None if too_deep else YAML(typ="safe").load(text)
    except Exception as fault:  # nonsense makes a parser raise anything
        why = " ".join(str(fault).split())[:400]
        raise PipelineError(
            f"is not YAML in UTF-8 ({type(fault).__name__}: {why}).", where=str(path)
        ) from fault
    if too_deep:
        raise PipelineError(f"line {too_deep}: more than {DEEPEST} levels.", where=str(path))
    for place in _monsters(values):
        raise PipelineError(f"{place}.", where=str(path))
    return values


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Line by line how deep its values lie.

    The events of the parser tell it without recursion; loading a million levels would crash Python.
    """
    depth = 0
    for event in YAML(typ="safe").parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        yield event.start_mark.line + 1, depth


def _monsters(values: Any) -> Iterator[str]:
    """What YAML has and settings have not, at its place."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), values)]
    for _ in range(MOST):
        if not waiting:
            return
        keys, value = waiting.pop()
        place = ".".join(keys)
        if len(keys) > DEEPEST:
            yield f"{place[:80]}...: more than {DEEPEST} levels"
        elif isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [((*keys, shown(key)), inner) for key, inner in items]
        elif isinstance(value, int) and value.bit_length() > 63:
            yield f"{place}: a number of more than 63 bits"
        elif not isinstance(value, str | int | float | None):
            yield f"{place}: a {type(value).__name__} is no setting (a text stands in quotes)"
    yield f"more than {MOST:,} values, as aliases (*) unfold"


def shown(key: Any) -> str:
    """A key in a message."""
    return key if isinstance(key, str) and key.isprintable() and len(key) <= 80 else brief.repr(key)


def explain(fault: ValidationError, values: Any) -> str:
    """Every key that is wrong, and what is wrong with it; of very many, the first."""
    lines = []
    for error in fault.errors()[:TOLD]:
        place = ".".join(_keys(error["loc"], values, missing=error["type"] == "missing"))
        message = error["msg"].removeprefix("Value error, ")[:300]
        if error["type"] == "extra_forbidden":
            message = "unknown key (a misspelling?)"
        elif error["type"] == "union_tag_invalid":  # pydantic's own has all of the wrong value
            found, one_of = brief.repr(error["ctx"]["tag"]), error["ctx"]["expected_tags"]
            message = f"{error['ctx']['discriminator']} should be one of {one_of} (found {found})"
        elif error["type"] != "missing" and not isinstance(error["input"], dict):
            message += f" (found {brief.repr(error['input'])})"
        lines.append(f"{place}: {message}" if place else message)
    if fault.error_count() > TOLD:
        lines.append(f"and {fault.error_count() - TOLD:,} more faults")
    return "; ".join(lines) + "."


def checked(kind: type[Kind], values: dict[str, Any], where: str) -> Kind:
    """`values` as settings of that kind, or an error that names the wrong keys."""
    try:
        return kind.model_validate(values)
    except ValidationError as fault:
        raise PipelineError(explain(fault, values), where=where) from fault


def _keys(location: tuple[int | str, ...], values: Any, missing: bool) -> Iterator[str]:
    """A fault's place as the file has it: pydantic's also names the variants of a union."""
    for part in location:
        if isinstance(values, dict) and part in values:
            values = values[part]
            yield shown(part)
        elif isinstance(values, list) and isinstance(part, int):
            values = values[part]
            yield str(part)
    if missing:
        yield shown(location[-1])
