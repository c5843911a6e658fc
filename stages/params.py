"""params.yaml as frozen, checked values: an unknown or ill-typed key is refused by its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages import paths
from stages.errors import PipelineError

Fraction = Annotated[float, Field(ge=0, lt=1)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
GitBlob = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Chosen = TypeVar("Chosen")


class Frozen(BaseModel):
    """Immutable, and strict about keys and types: 'yes' is no boolean, 1.5 is no count."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Runtime(Frozen):
    """How this machine runs things. No stage tracks it: changing it re-runs nothing."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = Field(default=2, ge=1)  # of the CPU; another number may change the last bits
    tracking: bool = True  # whether training and evaluation tell MLflow


class Published(Frozen):
    """A file that others publish, and the hash that it must have."""

    url: str
    sha256: Sha256 | None = None
    git_blob: GitBlob | None = None  # git's own hash, where a repository states no sha256

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if (self.sha256 is None) == (self.git_blob is None):
            raise ValueError("give one of sha256 and git_blob: an unpinned file is never used")
        return self


class Bundled(Frozen):
    """The synthetic corpus: its seed, and how many names or characters."""

    seed: int = Field(ge=0)
    size: int = Field(ge=1)


class Corpus(Frozen):
    """Where a corpus comes from and what cleaning tolerates."""

    module: Key  # stages/corpora/<module>.py knows its format
    url: str | None = None  # a file of your own, URL or path, in place of `source`
    sha256: Sha256 | None = None  # of that file
    bundled: Bundled
    upstream: Published
    standin: Published | None = None  # for `make replicate` where upstream cannot be had
    max_malformed: Fraction = 0.01  # the share of malformed rows at which cleaning gives up

    @model_validator(mode="after")
    def _own_file_is_pinned(self) -> Self:
        if (self.url is None) != (self.sha256 is None):
            raise ValueError("url and sha256 go together: sha256sum FILE prints the latter")
        return self


class Dataset(Frozen):
    """How a corpus becomes arrays. Sizes are counts (an integer) or shares (below 1)."""

    corpus: Key
    encoder: Literal["labelled_names"]
    top_characters: int | None = Field(default=None, ge=1)  # null: all of them
    train: int | None = Field(default=None, ge=1)  # null: all that valid and test leave
    valid: int | Fraction = Field(default=0, ge=0)
    test: int | Fraction = Field(ge=0)
    seed: int = Field(ge=0)


class Model(Frozen):
    """A class of a family, and its settings (checked by the class itself)."""

    module: Key  # stages/models/<module>.py
    name: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Descent(Frozen):
    """Learning by gradient descent, in epochs over shuffled batches."""

    kind: Literal["descent"] = "descent"
    optimizer: Literal["sgd", "adam", "adamw"]
    rate: float = Field(gt=0)
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = Field(default=0.0, ge=0)
    clip_norm: float | None = Field(default=None, gt=0)  # of all gradients together
    epochs: int = Field(ge=1)
    batch: int = Field(ge=1)
    keep: Literal["last", "best"] = "last"  # which epoch's weights; best: lowest validation loss


class ClosedForm(Frozen):
    """Learning in one call: the model's own `fit`, told as one epoch."""

    kind: Literal["closed_form"]

    @property
    def epochs(self) -> int:
        return 1


class Experiment(Frozen):
    """One line of the comparison: a model, trained in one way on one dataset, from some seeds."""

    lecture: Key
    dataset: Key
    task: Literal["classify"]
    model: Model
    training: Annotated[Descent | ClosedForm, Field(discriminator="kind")]
    seeds: tuple[int, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("seeds"), list):
            values = {**values, "seeds": tuple(values["seeds"])}
        return values

    @model_validator(mode="after")
    def _seeds_differ(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError("seeds must differ")
        return self


class Params(Frozen):
    """The whole file."""

    runtime: Runtime = Runtime()
    source: Literal["bundled", "upstream"]
    corpora: dict[Key, Corpus]
    datasets: dict[Key, Dataset]
    experiments: dict[Key, Experiment]

    @model_validator(mode="after")
    def _entries_fit(self) -> Self:
        for key, dataset in self.datasets.items():
            if dataset.corpus not in self.corpora:
                raise ValueError(f"datasets.{key}.corpus: there is no corpus {dataset.corpus!r}")
        for key, experiment in self.experiments.items():
            if experiment.dataset not in self.datasets:
                raise ValueError(
                    f"experiments.{key}.dataset: there is no dataset {experiment.dataset!r}"
                )
            chooses = (
                isinstance(experiment.training, Descent) and experiment.training.keep == "best"
            )
            if chooses and not self.datasets[experiment.dataset].valid:
                raise ValueError(
                    f"experiments.{key}.training.keep: best needs validation records, and "
                    f"datasets.{experiment.dataset}.valid is 0"
                )
        return self


def load(path: Path = paths.PARAMS) -> Params:
    """Read and check the file; the error names every key that is wrong."""
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return Params.model_validate(values)
    except FileNotFoundError:
        raise PipelineError(
            "there is no params.yaml here.", remedy="Run from the project's folder."
        ) from None
    except (YAMLError, UnicodeDecodeError) as fault:
        raise PipelineError(f"is not YAML in UTF-8: {fault}", where=str(path)) from fault
    except ValidationError as fault:
        raise PipelineError(_explain(fault, values), where=str(path)) from fault


def choose(section: dict[str, Chosen], key: str, kind: str) -> Chosen:
    """`section[key]`, or an error that lists what there is."""
    if key not in section:
        raise PipelineError(
            f"there is no {kind} {key!r} in params.yaml.",
            remedy=f"Choose one of: {', '.join(section)}.",
        )
    return section[key]


def _explain(fault: ValidationError, values: Any) -> str:
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


def _keys(location: tuple[int | str, ...], values: Any) -> Iterator[str]:
    """A fault's place as the file has it: pydantic's also names the variants of a union."""
    for number, part in enumerate(location, 1):
        inside = isinstance(values, dict) and part in values
        inside = inside or (isinstance(values, list) and isinstance(part, int))
        if inside:
            values = values[part]
        if inside or (number == len(location) and isinstance(values, dict)):
            yield str(part)
