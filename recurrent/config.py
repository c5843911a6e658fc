"""params.yaml as frozen, checked values: an unknown or ill-typed key is refused by its name."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, model_validator

from recurrent import paths
from recurrent.errors import PipelineError
from recurrent.experiments import Experiment, Key, Rate
from recurrent.validation import Fraction, Frozen, Listed, brief, checked, read_yaml

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
GitBlob = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
FEW = 10  # names in an error
Chosen = TypeVar("Chosen")


class Runtime(Frozen):
    """How this machine runs things. No stage tracks it: changing it re-runs nothing."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = Field(default=2, ge=1, le=1024)  # of the CPU: the last bits depend on it
    reproducible: Literal["strict", "fast"] = "strict"  # the same bits on every x86-64, or not
    precision: Literal["full", "tf32", "bf16"] = "full"  # of the products: all bits, or fewer
    graphs: bool = False  # on CUDA, a batch's kernels as one launch
    tracking: bool = True  # whether training and evaluation tell MLflow

    @model_validator(mode="after")
    def _fewer_bits_are_other_bits(self) -> Self:
        if self.precision != "full" and self.reproducible == "strict":
            raise ValueError("fewer bits give other results: set `reproducible: fast` beside it")
        return self


class Published(Frozen):
    """A file that others publish, and the hash that it must have."""

    url: str = Field(min_length=1)
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
    size: int = Field(ge=1, le=10_000_000)


class Corpus(Frozen):
    """Where a corpus comes from and what cleaning tolerates."""

    module: Key  # recurrent/data/<module>.py knows its format
    # A file of your own, URL or path, in place of `source`.
    url: str | None = Field(default=None, min_length=1)
    sha256: Sha256 | None = None  # of that file
    bundled: Bundled
    upstream: Published | None = None  # null: nobody may publish it
    standin: Published | None = None  # for `make replicate` where upstream cannot be had
    max_malformed: Fraction = 0.01  # the share of malformed rows at which cleaning gives up

    @model_validator(mode="after")
    def _own_file_is_pinned(self) -> Self:
        if (self.url is None) != (self.sha256 is None):
            raise ValueError("url and sha256 go together: sha256sum FILE prints the latter")
        return self


class Dataset(Frozen):
    """How a corpus becomes arrays: an encoder and its settings (checked by the encoder itself)."""

    corpus: Key
    encoder: Key  # recurrent/data/<encoder>.py
    settings: dict[str, Any] = Field(default_factory=dict)


class Embedded(Frozen):
    """A dataset in which a trained network's vectors stand for its symbols."""

    dataset: Key
    network: Key  # an experiment on that dataset


class Demonstration(Frozen):
    """A computation of its own, with no corpus in it."""

    module: Key  # recurrent/studies/<module>.py
    settings: dict[str, Any] = Field(default_factory=dict)


class Probes(Frozen):
    """How far back gradients reach: in which trained networks, and how it is measured."""

    experiments: Listed[Key] = ()
    steps: int = Field(default=35, ge=2)  # back from the loss
    records: int = Field(default=64, ge=1)  # stretches of text, or names
    bounded: int = Field(default=2, ge=1)  # of them, those whose product of Jacobians is computed
    seed: int = Field(default=0, ge=0)
    entities: Listed[Key] = ()  # experiments whose vectors of levels are drawn as maps
    clipped: Listed[Key] = ()  # experiments whose recorded gradients are clipped in each way
    thresholds: Listed[Rate] = (1.0, 10.0)  # of the norm


class Params(Frozen):
    """The whole file."""

    runtime: Runtime = Runtime()
    source: Literal["bundled", "upstream"]
    corpora: dict[Key, Corpus]
    datasets: dict[Key, Dataset]
    embedded: dict[Key, Embedded] = Field(default_factory=dict)
    experiments: dict[Key, Experiment]
    demonstrations: dict[Key, Demonstration] = Field(default_factory=dict)
    probes: Probes = Probes()

    @model_validator(mode="after")
    def _entries_fit(self) -> Self:
        for key, dataset in self.datasets.items():
            if dataset.corpus not in self.corpora:
                raise ValueError(f"datasets.{key}.corpus: there is no corpus {dataset.corpus!r}")
        for key, entry in self.embedded.items():
            if key in self.datasets:
                raise ValueError(f"embedded.{key}: `datasets` has one of that name already")
            if entry.dataset not in self.datasets:
                raise ValueError(f"embedded.{key}.dataset: there is no dataset {entry.dataset!r}")
            network = self.experiments.get(entry.network)
            if network is None or network.dataset != entry.dataset:
                raise ValueError(
                    f"embedded.{key}.network: {entry.network!r} is no experiment on "
                    f"{entry.dataset!r}"
                )
        for key, experiment in self.experiments.items():
            if experiment.dataset not in self.datasets.keys() | self.embedded.keys():
                raise ValueError(
                    f"experiments.{key}.dataset: there is no dataset {experiment.dataset!r}"
                )
        for name in ("experiments", "entities", "clipped"):
            for key in getattr(self.probes, name):
                if key not in self.experiments:
                    raise ValueError(f"probes.{name}: there is no experiment {key!r}")
        return self

    def dataset(self, key: str) -> Dataset:
        """How the data of an experiment were encoded, whatever stands for their symbols."""
        return self.datasets[self.embedded[key].dataset if key in self.embedded else key]


def load(path: Path = paths.PARAMS) -> Params:
    """Read and check the file; the error names every key that is wrong."""
    return checked(Params, read_yaml(path), str(path))


def choose(section: dict[str, Chosen], key: str, kind: str) -> Chosen:
    """`section[key]`, or an error that lists what there is: of very many, the likeliest."""
    if key not in section:
        near = get_close_matches(key[:99], section, FEW, 0.3) or [*section][:FEW]
        near = [*section] if len(section) <= FEW else near
        others = len(section) - len(near)
        raise PipelineError(
            f"there is no {kind} {brief.repr(key)} in params.yaml.",
            remedy=f"Choose one of: {', '.join(near)}{f' ({others} others)' if others else ''}.",
        )
    return section[key]
