"""An experiment of params.yaml: a model, how it is trained, and from which seeds."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from recurrent.validation import BySource, Count, Frozen, Listed

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
LARGEST = 3e38  # in single precision
Rate = Annotated[float, Field(gt=0, le=LARGEST)]


def different(seeds: tuple[int, ...]) -> tuple[int, ...]:
    """The same seeds, if none comes twice."""
    if len(set(seeds)) != len(seeds):
        raise ValueError("seeds must differ")
    return seeds


Seeds = Annotated[Listed[int], Field(min_length=1), AfterValidator(different)]


class Model(Frozen):
    """A class of a family, and its settings (checked by the class itself)."""

    module: Key  # recurrent/models/<module>.py
    name: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Alarm(Frozen):
    """Gradients that a training reports of itself."""

    explodes: Rate = 100.0  # the norm of all gradients together, before clipping
    vanishes: Rate = 1e-5  # a parameter's norm as a share of the largest, through a whole epoch


class Descent(Frozen):
    """Learning by gradient descent, in epochs over shuffled batches."""

    kind: Literal["descent"] = "descent"
    optimizer: Literal["sgd", "adam", "adamw"]
    rate: Rate | Listed[Rate]  # a list has one for each epoch
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = Field(default=0.0, ge=0, le=LARGEST)
    clip_norm: Rate | None = None  # of all gradients together
    clip_each: Rate | None = None  # of each parameter's gradient alone
    epochs: Count | BySource[Count]
    batch: int = Field(ge=1)
    keep: Literal["last", "best"] = "last"  # which epoch's weights; best: lowest validation loss
    gradient_norms: int | None = Field(default=50, ge=1)  # recorded every so many steps
    alarm: Alarm = Alarm()

    @property
    def total(self) -> int:
        """How many epochs; where the source decides and is not known yet, at most."""
        epochs = self.epochs
        return epochs if isinstance(epochs, int) else max(epochs.bundled, epochs.other)

    def on(self, origin: Mapping[str, str]) -> Self:
        """The same on data of a known source."""
        if isinstance(self.epochs, int):
            return self
        return self.model_copy(update={"epochs": self.epochs.of(origin)})

    @model_validator(mode="after")
    def _one_clipping(self) -> Self:
        if self.clip_norm and self.clip_each:
            raise ValueError("give one of clip_norm and clip_each")
        return self

    @model_validator(mode="after")
    def _rates_fit(self) -> Self:
        if isinstance(self.rate, float):
            return self
        if not isinstance(self.epochs, int):
            raise ValueError("a list as `rate` needs one number of `epochs` for every source")
        if len(self.rate) != self.epochs or self.schedule != "constant":
            raise ValueError(
                f"a list as `rate` has one for each epoch (`epochs: {self.epochs}`), and no other "
                "schedule"
            )
        return self


class ClosedForm(Frozen):
    """Learning in one call: the model's own `fit`, told as one epoch."""

    kind: Literal["closed_form"]

    total: ClassVar[int] = 1  # epochs

    def on(self, origin: Mapping[str, str]) -> Self:
        """The same, whatever the source."""
        return self


class Samples(Frozen):
    """Text for a model to continue, character by character."""

    prefixes: Listed[str] = Field(min_length=1)
    length: int = Field(ge=1, le=100_000)
    every: int | None = Field(default=None, ge=1)  # epochs; null: only when training is over


class Experiment(Frozen):
    """One line of the comparison: a model, trained in one way on one dataset, from some seeds."""

    lecture: Key
    dataset: Key
    task: Key  # recurrent/tasks/<task>.py
    model: Model
    training: Annotated[Descent | ClosedForm, Field(discriminator="kind")]
    seeds: Seeds | BySource[Seeds]
    samples: Samples | None = None

    @model_validator(mode="after")
    def _samples_come(self) -> Self:
        if self.samples and self.samples.every and self.samples.every > self.training.total:
            raise ValueError("samples.every is more than training.epochs: none would be written")
        return self

    def seeds_on(self, origin: Mapping[str, str]) -> tuple[int, ...]:
        """What each of its trainings begins with, on data of a known source."""
        return self.seeds.of(origin) if isinstance(self.seeds, BySource) else self.seeds
