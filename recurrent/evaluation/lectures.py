"""lectures.yaml as checked values: every figure that a lecture prints."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from recurrent import paths
from recurrent.errors import PipelineError
from recurrent.experiments import Samples
from recurrent.validation import Frozen, explain, read_yaml


class Figure(Frozen):
    """One printed number, and where ours is found."""

    row: str
    metric: str
    printed: float | int | str  # a text: what the lecture's model wrote
    tolerance: float | int = Field(default=0, ge=0)  # how far ours may be and still be the same
    better: Literal["higher", "lower"] | None = None  # None: equal or not
    experiment: str | None = None
    epoch: int | None = None  # the metric is that epoch's, in the experiment's history
    last: int = Field(default=1, ge=1)  # the median of so many epochs up to that one
    together: bool = False  # the metric is that of the seeds' answers averaged
    prefix: str | None = None  # the text is what the experiment wrote after it
    void: str | None = None  # why no comparison means anything, where none does
    report: str | None = None  # a file under metrics/
    key: list[str] = Field(default_factory=list)  # the way to the figure inside it

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.experiment is None) == (self.report is None):
            raise ValueError("give one of experiment and report")
        if isinstance(self.printed, str) != (self.prefix is not None):
            raise ValueError("a printed text goes with a prefix, and a number with none")
        if self.last > 1 and self.epoch is None:
            raise ValueError("`last` counts back from an `epoch`: give that too")
        if self.together and (self.report, self.epoch, self.prefix) != (None, None, None):
            raise ValueError("`together` is of final answers: no report, epoch or prefix beside it")
        return self


class Comparison(Frozen):
    """A table of its own: one metric of experiments that differ in two ways."""

    row: str
    title: str
    metric: str
    epoch: int | None = None  # the metric is that epoch's, in the experiments' histories
    last: int = Field(default=1, ge=1)  # the median of so many epochs up to that one
    columns: list[str]
    rows: dict[str, list[str | None]]  # the experiment of each column; null: there is none

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        wrong = [row for row, cells in self.rows.items() if len(cells) != len(self.columns)]
        if wrong:
            raise ValueError(f"{wrong[0]}: give an experiment, or null, for each column")
        return self


class Lecture(Frozen):
    """A lecture's title, its printed figures, and the caveats that belong to them."""

    title: str
    headline: str  # the metric by which its experiments are compared
    better: Literal["higher", "lower"]  # which way it improves
    rows: list[str]  # every row of this lecture
    own_row: str  # of its experiments that no printed figure names
    # On held-out text, and the experiment that is the same but for the lecture's split.
    counterparts: dict[str, str] = Field(default_factory=dict)
    # An experiment, and the one that it is held against in place of its best baseline.
    rivals: dict[str, str] = Field(default_factory=dict)
    samples: Samples | None = None  # for those of its experiments that name none
    figures: list[Figure]
    comparisons: list[Comparison] = Field(default_factory=list)
    caveats: dict[str, str] = Field(default_factory=dict)


LECTURES = TypeAdapter(dict[str, Lecture])


def load(path: Path = paths.LECTURES) -> dict[str, Lecture]:
    """Read and check the file."""
    values = read_yaml(path)
    try:
        return LECTURES.validate_python(values)
    except ValidationError as fault:
        raise PipelineError(explain(fault, values), where=str(path)) from fault
