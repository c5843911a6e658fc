"""lectures.yaml as checked values: every figure that a lecture prints."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages import paths
from stages.errors import PipelineError
from stages.params import Frozen


class Figure(Frozen):
    """One printed number, and where ours is found."""

    row: str
    metric: str
    printed: float | int
    tolerance: float | int = Field(ge=0)  # how far ours may be and still count as the same
    better: Literal["higher", "lower"] | None = None  # None: equal or not
    experiment: str | None = None
    report: str | None = None  # a file under metrics/
    key: list[str] = Field(default_factory=list)  # the way to the figure inside it

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.experiment is None) == (self.report is None):
            raise ValueError("give one of experiment and report")
        return self


class Lecture(Frozen):
    """A lecture's title, its printed figures, and the caveats that belong to them."""

    title: str
    headline: str  # the metric by which its experiments are compared
    better: Literal["higher", "lower"]  # which way it improves
    rows: list[str]  # every row of this lecture
    own_row: str  # of its experiments that no printed figure names
    figures: list[Figure]
    caveats: dict[str, str] = Field(default_factory=dict)


LECTURES = TypeAdapter(dict[str, Lecture])


def load(path: Path = paths.LECTURES) -> dict[str, Lecture]:
    """Read and check the file."""
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return LECTURES.validate_python(values)
    except FileNotFoundError:
        raise PipelineError("there is no such file here.", where=str(path)) from None
    except (YAMLError, UnicodeDecodeError) as fault:
        raise PipelineError(f"is not YAML in UTF-8: {fault}", where=str(path)) from fault
    except ValidationError as fault:
        raise PipelineError(f"is not as it should be: {fault}", where=str(path)) from fault
