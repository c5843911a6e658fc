"""Load params.yaml into validated, frozen settings. Errors name the wrong key.

An experiment is a question; its variants are the answers that are compared. A variant is a nested
map of overrides that is merged deeply over the experiment.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from reprlib import Repr
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML

from recurrent.common import paths
from recurrent.common.errors import PipelineError

Item = TypeVar("Item")
Kind = TypeVar("Kind", bound=BaseModel)
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
ChampionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)]
Positive = Annotated[float, Field(gt=0, le=3e38)]  # finite in single precision
# YAML has lists; frozen values are tuples.
Listed = Annotated[
    tuple[Item, ...],
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
]
SHOWN_FAULTS = 10  # in one message
# What a variant may not override.
FIXED = frozenset({"lecture", "dataset", "also", "task", "experiment", "variant"})
brief = Repr()  # shortens a wrong value for a message
brief.maxstring = brief.maxother = 80


class Frozen(BaseModel):
    """Immutable, and strict about keys and types: 'yes' is not a boolean, 1.5 is not a count."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Runtime(Frozen):
    """How this machine runs things. No DVC stage depends on it."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = Field(default=1, ge=1, le=1024)  # CPU threads per run; more need `fast`
    reproducible: Literal["strict", "fast"] = "strict"  # strict: the same bits on every x86-64
    precision: Literal["full", "tf32", "bf16"] = "full"  # of matrix products
    graphs: Literal["auto", True, False] = "auto"  # on CUDA, launch each batch as CUDA graphs
    tracking: bool = True  # publish to MLflow

    @property
    def graphs_on_cuda(self) -> bool:
        """Return whether runs on CUDA use CUDA graphs; `auto` means in fast mode only."""
        return self.reproducible == "fast" if self.graphs == "auto" else self.graphs

    @model_validator(mode="after")
    def _strict_is_full_precision_on_one_thread(self) -> Self:
        if self.precision != "full" and self.reproducible == "strict":
            raise ValueError("a lower precision changes results: set `reproducible: fast` as well")
        if self.threads != 1 and self.reproducible == "strict":
            raise ValueError("strict means one thread: set `threads: 1` or `reproducible: fast`")
        return self


class Download(Frozen):
    """A published file and the hash that it must have."""

    url: str = Field(min_length=1)
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Synthetic(Frozen):
    """Seed and size (names, characters or rows) of a bundled corpus."""

    seed: int = Field(ge=0)
    size: int = Field(ge=1, le=10_000_000)
    grammar: Key | None = None  # of a text: recurrent/data/synthetic/<grammar>.yaml


class Corpus(Frozen):
    """Where a corpus comes from and what cleaning tolerates."""

    kind: Key  # recurrent/data/<kind>
    synthetic: Synthetic
    upstream: Download | None = None  # null: it cannot be redistributed
    stand_in: Download | None = None  # used by `recurrent replicate` if upstream is unavailable
    own: Download | None = None  # your own file (a URL or a path), used instead of all others
    max_malformed: Fraction = 0.01  # cleaning stops if a larger share of rows is malformed


class Dataset(Frozen):
    """How a corpus becomes arrays: the kind of encoder and its settings."""

    corpus: Key
    kind: Key  # recurrent/data/<kind>/encode.py
    settings: dict[str, Any] = Field(default_factory=dict)  # checked by the encoder


class Embedded(Frozen):
    """A dataset in which a trained network's vectors replace the categories."""

    dataset: Key
    experiment: Key
    variant: Key


class Model(Frozen):
    """A class of a models module, and its settings."""

    module: Key  # recurrent/models/<module>.py
    name: str
    settings: dict[str, Any] = Field(default_factory=dict)  # checked by the class


class Alarm(Frozen):
    """Thresholds at which a run reports its own gradients."""

    explodes: Positive = 100.0  # the global norm before clipping
    vanishes: Positive = 1e-5  # a parameter's norm divided by the largest, for a whole epoch


class Descent(Frozen):
    """Training by gradient descent, in epochs over shuffled batches."""

    method: Literal["descent"] = "descent"
    optimizer: Literal["sgd", "adam", "adamw"]
    learning_rate: Positive | Listed[Positive]  # a list has one for each epoch
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = Field(default=0.0, ge=0, le=3e38)
    clip_norm: Positive | None = None  # the largest global gradient norm
    clip_each: Positive | None = None  # the largest gradient norm of each parameter
    epochs: Count
    batch_size: Count
    keep: Literal["last", "best"] = "last"  # which epoch's weights; best: lowest validation loss
    gradient_norms: int | None = Field(default=50, ge=1)  # record norms at every n-th step
    alarm: Alarm = Alarm()

    @model_validator(mode="after")
    def _one_way_to_clip(self) -> Self:
        if self.clip_norm and self.clip_each:
            raise ValueError("give clip_norm or clip_each, not both")
        return self

    @model_validator(mode="after")
    def _one_rate_per_epoch(self) -> Self:
        if isinstance(self.learning_rate, tuple) and (
            len(self.learning_rate) != self.epochs or self.schedule != "constant"
        ):
            raise ValueError(
                f"a list of learning rates needs one for each epoch (`epochs: {self.epochs}`) and "
                "a constant schedule"
            )
        return self


class Fit(Frozen):
    """Training in one call of the model's own `fit`; it counts as one epoch."""

    method: Literal["fit"]
    epochs: ClassVar[int] = 1


class Samples(Frozen):
    """Text for a model to continue."""

    prefixes: Listed[str] = Field(min_length=1)
    length: int = Field(ge=1, le=100_000)
    every: int | None = Field(default=None, ge=1)  # epochs; null: only after training
    temperature: Positive = 0.8  # of the text that is drawn; greedy text has none


def _unique(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) != len(seeds):
        raise ValueError("seeds must differ")
    return seeds


class Variant(Frozen):
    """One answer to an experiment's question, with all settings resolved."""

    experiment: Key
    variant: Key
    lecture: Key
    title: str = ""
    dataset: Key
    task: Key  # recurrent/tasks/<task>.py
    model: Model
    training: Annotated[Descent | Fit, Field(discriminator="method")]
    seeds: Annotated[Listed[int], Field(min_length=1), AfterValidator(_unique)] = (0,)
    samples: Samples | None = None

    @property
    def name(self) -> str:
        """`experiment/variant`, as tables, commands and lectures.yaml name it."""
        return f"{self.experiment}/{self.variant}"

    @model_validator(mode="after")
    def _samples_are_written(self) -> Self:
        if self.samples and self.samples.every and self.samples.every > self.training.epochs:
            raise ValueError("samples.every exceeds training.epochs: no samples would be written")
        return self


class Experiment(Frozen):
    """A question, and the variants that answer it."""

    lecture: Key
    title: str
    dataset: Key
    also: Key  # the dataset of variants with `data: also`
    task: Key
    model: dict[str, Any]
    training: dict[str, Any]
    seeds: Any = (0,)
    samples: Any = None
    variants: dict[Key, dict[str, Any] | None] = Field(min_length=1)

    def resolve(self, experiment: str, variant: str) -> Variant:
        """Merge a variant's overrides over the experiment."""
        overrides = dict(self.variants[variant] or {})
        data = overrides.pop("data", "dataset")
        where = f"experiments.{experiment}.variants.{variant}"
        if data not in ("dataset", "also"):
            raise ValueError(f"{where}.data must be `dataset` or `also`, got {brief.repr(data)}")
        for key in ("model", "training"):
            if not isinstance(overrides.get(key, {}), Mapping):
                got = brief.repr(overrides[key])
                raise ValueError(f"{where}.{key} must be a map of settings, got {got}")
        fixed = FIXED & overrides.keys()
        base = self.model_dump(exclude={"variants", "also"})
        base |= {"experiment": experiment, "variant": variant, "dataset": getattr(self, data)}
        base["training"] = {"method": "descent", **base["training"]}
        merged = merge(base, overrides)
        if fixed or merged["model"].get("module") != self.model.get("module"):
            key = min(fixed, default="model.module")
            raise ValueError(f"{where}.{key}: a variant may not change this key")
        try:
            return Variant.model_validate(merged)
        except ValidationError as fault:
            inherited = _faults_of(Variant, base)
            lines = [
                _line((f"experiments.{experiment}" if one in inherited else where, one[0]), one[1])
                for one in _faults(fault, merged)
            ]
            raise ValueError(_listed(lines)) from fault


class Champion(Frozen):
    """The network with the lowest validation loss among those that are trained on these datasets.

    Their validation records should be the same, or the losses cannot be compared.
    """

    title: str
    datasets: Listed[Key] = Field(min_length=1)


class Study(Frozen):
    """A computation that needs no corpus."""

    title: str
    module: Key  # recurrent/studies/<module>.py
    settings: dict[str, Any] = Field(default_factory=dict)  # checked by the module


class Examined(Frozen):
    """Which trained networks are examined, and how. Names are `experiment/variant`."""

    gradient_flow: Listed[str] = ()  # how far back gradients reach, and the spectra
    steps: int = Field(default=35, ge=2)  # back from the loss
    records: Count = 64  # stretches of text, or names
    bounded: Count = 2  # records whose product of Jacobians is computed
    seed: int = Field(default=0, ge=0)
    embeddings: Listed[str] = ()  # networks whose vectors of categories are drawn as maps
    clipping: Listed[str] = ()  # runs whose recorded gradients are clipped in each way
    thresholds: Listed[Positive] = (1.0, 10.0)  # gradient norms


class Config(Frozen):
    """All settings of one pipeline."""

    pipeline: Literal["lectures", "beyond"] = "lectures"
    runtime: Runtime = Runtime()
    source: Literal["bundled", "upstream"]
    corpora: dict[Key, Corpus]
    datasets: dict[Key, Dataset]
    embedded: dict[Key, Embedded] = Field(default_factory=dict)
    experiments: dict[Key, Experiment]
    studies: dict[Key, Study] = Field(default_factory=dict)
    examined: Examined = Examined()
    champions: dict[ChampionName, Champion] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        for key, dataset in self.datasets.items():
            if dataset.corpus not in self.corpora:
                raise ValueError(f"datasets.{key}.corpus: there is no corpus {dataset.corpus!r}")
        for key, entry in self.embedded.items():
            if key in self.datasets:
                raise ValueError(f"embedded.{key}: `datasets` already has an entry with that name")
            if entry.dataset not in self.datasets:
                raise ValueError(f"embedded.{key}.dataset: there is no dataset {entry.dataset!r}")
        for key, experiment in self.experiments.items():
            for name in ("dataset", "also"):
                found = getattr(experiment, name)
                if found not in self.datasets.keys() | self.embedded.keys():
                    raise ValueError(f"experiments.{key}.{name}: there is no dataset {found!r}")
            pair = (experiment.dataset, experiment.also)
            corpora = {self.encoding(one).corpus for one in pair}
            if len(corpora) > 1 or len({one in self.embedded for one in pair}) > 1:
                raise ValueError(
                    f"experiments.{key}.also: {experiment.also!r} must be of the same corpus and "
                    f"kind as {experiment.dataset!r}"
                )
        known = {variant.name: variant for variant in self.variants()}
        for key, entry in self.embedded.items():
            network = known.get(f"{entry.experiment}/{entry.variant}")
            if network is None or network.dataset != entry.dataset:
                raise ValueError(
                    f"embedded.{key}: {entry.experiment}/{entry.variant} is not a variant trained "
                    f"on {entry.dataset!r}"
                )
        for key, champion in self.champions.items():
            for wanted in champion.datasets:
                if wanted not in self.datasets:
                    raise ValueError(f"champions.{key}.datasets: there is no dataset {wanted!r}")
        for name in ("gradient_flow", "embeddings", "clipping"):
            for chosen in getattr(self.examined, name):
                if chosen not in known:
                    raise ValueError(
                        f"examined.{name}: there is no {chosen!r}{hint(chosen, known)}"
                    )
        return self

    @property
    def results(self) -> paths.Results:
        """Where this pipeline keeps its models and results."""
        return paths.PIPELINES[self.pipeline]

    def variants(self, *experiments: str) -> Iterator[Variant]:
        """Yield every variant of these experiments (default: of all)."""
        for key in experiments or self.experiments:
            experiment = self.experiments[key]
            yield from (experiment.resolve(key, variant) for variant in experiment.variants)

    def find(self, name: str) -> Variant:
        """Return the variant of that name; for an experiment's name, return its first variant."""
        experiment, _, variant = name.partition("/")
        chosen = choose(self.experiments, experiment, "experiment")
        if not variant:
            variant = next(iter(chosen.variants))
        choose(chosen.variants, variant, f"variant of {experiment}")
        return chosen.resolve(experiment, variant)

    def encoding(self, dataset: str) -> Dataset:
        """Return how a dataset was encoded, whether or not vectors replace its categories."""
        return self.datasets[
            self.embedded[dataset].dataset if dataset in self.embedded else dataset
        ]


def load(pipeline: str = "lectures", folder: Path = Path()) -> Config:
    """Read and check the settings of a pipeline: `lectures` or `beyond`."""
    file = folder / paths.PARAMS
    values = read_yaml(file)
    if pipeline == "beyond":
        root, file = file, folder / paths.BEYOND_PARAMS
        own = read_yaml(file)
        for source, content in ((root, values), (file, own)):
            _refuse_without_experiments(content, source)
        values = _beyond(values, own, file)
    return checked(Config, values, str(file))


def _refuse_without_experiments(values: Any, file: Path) -> None:
    """Refuse a file that is not a map with a map of experiments."""
    experiments = values.get("experiments") if isinstance(values, Mapping) else None
    if not isinstance(experiments, Mapping):
        raise PipelineError(
            "`experiments` must be a map from names to settings, got "
            f"{brief.repr(experiments if isinstance(values, Mapping) else values)}.",
            where=str(file),
        )


def _beyond(root: dict[str, Any], own: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return the settings of `beyond`: its own experiments, on root's corpora and datasets."""
    unknown = own.keys() - {"experiments"}
    if unknown:
        raise PipelineError(
            f"unknown key {min(map(str, unknown))} (a misspelling?).", where=str(file)
        )
    twice = own["experiments"].keys() & root["experiments"].keys()
    if twice:
        raise PipelineError(
            f"experiments.{min(map(str, twice))} is also in {paths.PARAMS}.",
            where=str(file),
            remedy="Rename one of the two.",
        )
    shared = ("runtime", "source", "corpora", "datasets")
    return {**{key: root[key] for key in shared if key in root}, **own, "pipeline": "beyond"}


def merge(base: Any, overrides: Any) -> Any:
    """Merge `overrides` into `base`: maps key by key; everything else is replaced."""
    if not (isinstance(base, Mapping) and isinstance(overrides, Mapping)):
        return overrides
    merged = {key: merge(base[key], overrides[key]) for key in base.keys() & overrides.keys()}
    return {**base, **overrides, **merged}


def read_yaml(path: Path) -> Any:
    """Return the values in a YAML file."""
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(
            f"there is no {path} here.", remedy="Run from the project's folder."
        ) from None
    except Exception as fault:  # malformed input makes a parser raise anything
        why = " ".join(str(fault).split())[:400]
        raise PipelineError(
            f"cannot be read as YAML in UTF-8 ({type(fault).__name__}: {why}).", where=str(path)
        ) from fault


def checked(kind: type[Kind], values: Any, where: str) -> Kind:
    """Return `values` as settings of that kind, or raise an error that names each wrong key."""
    try:
        return kind.model_validate(values)
    except ValidationError as fault:
        raise PipelineError(f"{explain(fault, values)}.", where=where) from fault


def explain(fault: ValidationError, values: Any) -> str:
    """Describe each wrong key, up to a limit."""
    return _listed([_line((place,), message) for place, message in _faults(fault, values)])


def _listed(lines: list[str]) -> str:
    others = len(lines) - SHOWN_FAULTS
    return "; ".join([*lines[:SHOWN_FAULTS], *([f"and {others:,} more"] if others > 0 else [])])


def _line(places: tuple[str, ...], message: str) -> str:
    place = ".".join(filter(None, places))
    return f"{place}: {message}" if place else message


def _faults_of(kind: type[BaseModel], values: Any) -> list[tuple[str, str]]:
    """Return what is wrong with values, if anything."""
    try:
        kind.model_validate(values)
    except ValidationError as fault:
        return _faults(fault, values)
    return []


def _faults(fault: ValidationError, values: Any) -> list[tuple[str, str]]:
    """Return the place of each wrong key, and a message about it."""
    found = []
    for error in fault.errors():
        keys = [*_keys(error["loc"], values, missing=error["type"] == "missing")]
        message = error["msg"].removeprefix("Value error, ")[:300]
        if error["type"] == "extra_forbidden":
            message = "unknown key (a misspelling?)"
        elif error["type"] == "union_tag_invalid":  # pydantic's own message repeats the whole value
            tag, allowed = brief.repr(error["ctx"]["tag"]), error["ctx"]["expected_tags"]
            keys.append(error["ctx"]["discriminator"].strip("'"))
            message = f"must be one of {allowed}, got {tag}"
        elif error["type"] not in ("missing", "value_error"):
            message += f", got {brief.repr(error['input'])}"
        found.append((".".join(keys), message))
    return found


def _keys(location: tuple[int | str, ...], values: Any, missing: bool) -> Iterator[str]:
    """Yield the keys that lead to a fault, without the union variants that pydantic adds."""
    for part in location:
        is_index = isinstance(values, list) and isinstance(part, int)
        if is_index or (isinstance(values, Mapping) and part in values):
            values = values[part]
            yield str(part)
    if missing:
        yield str(location[-1])


def hint(name: str, known: Mapping[str, object]) -> str:
    """Return "; did you mean …?" for a misspelt name, else an empty string."""
    near = get_close_matches(name[:99], known, 1, 0.6)
    return f"; did you mean {near[0]}?" if near else ""


def choose(section: Mapping[str, Item], key: str, kind: str) -> Item:
    """Return `section[key]`, or raise an error that lists similar names."""
    if key not in section:
        near = get_close_matches(key[:99], section, SHOWN_FAULTS, 0.3) or [*section][:SHOWN_FAULTS]
        near = [*section] if len(section) <= SHOWN_FAULTS else near
        others = len(section) - len(near)
        raise PipelineError(
            f"there is no {kind} {brief.repr(key)}.",
            remedy=f"Choose one of: {', '.join(near)}{f' ({others} others)' if others else ''}.",
        )
    return section[key]
