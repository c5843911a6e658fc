"""The search space of a sweep: a range or choices for each key."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from recurrent.common.errors import PipelineError

PREFIXES = ("training.", "model.settings.")  # of the keys
LOG = ":log"
MAX_CORNERS = 256  # combinations to check
Value = bool | int | float | str | None
Values = dict[str, Value]  # by key


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`; integers if both ends are integers."""

    low: float
    high: float
    log: bool = False  # sample the logarithm evenly

    @property
    def values_to_check(self) -> tuple[Value, ...]:
        """Both ends."""
        return (self.low, self.high)

    @property
    def is_integer(self) -> bool:
        """Whether the range has only integers."""
        return isinstance(self.low, int)

    def __str__(self) -> str:
        return f"{self.low}..{self.high}{LOG if self.log else ''}"


@dataclass(frozen=True)
class Choices:
    """A list of values."""

    values: tuple[Value, ...]

    @property
    def values_to_check(self) -> tuple[Value, ...]:
        """All values."""
        return self.values

    def __str__(self) -> str:
        return ",".join(map(format_value, self.values))


Space = Mapping[str, Range | Choices]


def parse(arguments: Sequence[str]) -> Space:
    """Parse arguments of the forms `KEY=LOW..HIGH`, `KEY=LOW..HIGH:log` and `KEY=A,B,C`."""
    found: dict[str, Range | Choices] = {}
    for argument in arguments:
        key, _, text = argument.partition("=")
        if not key.startswith(PREFIXES):
            raise PipelineError(
                "a sweep can search only settings of the training or of the model.",
                where=key,
                remedy="Name a key such as training.learning_rate or model.settings.hidden.",
            )
        if key in found:
            raise PipelineError("this key is given twice.", where=key, remedy="Remove one.")
        found[key] = parse_range(key, text) if ".." in text else parse_choices(key, text)
    return found


def parse_range(key: str, text: str) -> Range:
    """Parse `LOW..HIGH` or `LOW..HIGH:log`."""
    low, _, high = text.removesuffix(LOG).partition("..")
    ends = [scalar(low), scalar(high)]
    numbers = [end for end in ends if isinstance(end, int | float) and not isinstance(end, bool)]
    if len(numbers) < 2 or not all(map(math.isfinite, numbers)):
        raise format_error(key, f"{text!r} is not a range of numbers.")
    if not all(isinstance(number, int) for number in numbers):
        numbers = [*map(float, numbers)]
    found = Range(numbers[0], numbers[1], log=text.endswith(LOG))
    if found.low >= found.high:
        raise format_error(key, f"LOW must be less than HIGH, got {text}.")
    if found.log and found.low <= 0:
        raise format_error(key, f"on a logarithmic scale, LOW must be above 0, got {text}.")
    return found


def parse_choices(key: str, text: str) -> Choices:
    """Parse the choices `A,B,C`, each as YAML."""
    parts = text.split(",")
    values = [scalar(part) for part in parts if part]
    simple = [one for one in values if one is None or isinstance(one, bool | int | float | str)]
    if not 2 <= len(simple) == len(parts):
        raise format_error(key, f"{text!r} is neither a range nor a list of choices.")
    return Choices(tuple(simple))


def format_error(key: str, what: str) -> PipelineError:
    """Return the error for a key whose range or choices cannot be read."""
    forms = f"{key}=LOW..HIGH, {key}=LOW..HIGH{LOG} or {key}=A,B,C"
    return PipelineError(what, where=key, remedy=f"Write {forms}.")


def scalar(text: str) -> object:
    """Parse a YAML value; return an empty list if it is not valid YAML."""
    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        return []


def corners(space: Space) -> Iterator[Values]:
    """Yield the combinations of the ends of ranges and of all choices, up to a limit."""
    for values in islice(product(*(one.values_to_check for one in space.values())), MAX_CORNERS):
        yield dict(zip(space, values, strict=True))


def format_value(value: Value) -> str:
    """Return a value as a command line and YAML write it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def short_name(key: str) -> str:
    """Return the name of a key in tables and in MLflow: that of a run's parameter."""
    return key.removeprefix("training.").replace("model.settings.", "model.")
