"""What every model is: one signature, a spec that rebuilds it, and weights without pickle."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as as_safetensors
from torch import Tensor, nn

from recurrent import files
from recurrent.errors import PipelineError
from recurrent.experiments import Key
from recurrent.validation import Frozen, brief, checked

State = Any  # what a model carries from one window to the next; each model knows its own
Layers = Annotated[int, Field(ge=1, le=100)]


def detached(state: State) -> State:
    """The same values, cut off from how they came about: no gradient flows back through them."""
    return changed(state, Tensor.detach)


def changed(state: State, change: Callable[[Tensor], Any]) -> State:
    """A state, however nested, with something else in place of each tensor."""
    if isinstance(state, Tensor):
        return change(state)
    if isinstance(state, tuple):
        return tuple(changed(part, change) for part in state)
    return state


class Settings(Frozen):
    """A model's own hyperparameters."""


class About(Frozen, extra="allow"):
    """What a task says of its data, as far as predict and generate rely on it."""

    vocabulary: str | list[str]
    classes: list[str] = Field(default_factory=list)
    steps: int = Field(default=1, ge=1)
    reads_on: bool = False


class Spec(Frozen):
    """spec.json of a trained experiment."""

    module: Key
    name: str
    inputs: int = Field(ge=1)
    outputs: int = Field(ge=1)
    settings: dict[str, Any]
    seeds: list[int] = Field(min_length=1)
    about: About
    fingerprint: str = ""


class Model(nn.Module):
    """Character ids in, logits out. A subclass names its Settings and writes its equations."""

    Settings: ClassVar[type[Settings]] = Settings
    settings: Any

    def __init__(self, inputs: int, outputs: int, settings: Any) -> None:
        super().__init__()
        self.inputs, self.outputs, self.settings = inputs, outputs, settings

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Logits for `ids` (batch, steps), continuing from `state`; and the state after them."""
        raise NotImplementedError

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        """Learn in one call from padded ids (records, longest). Only some models can."""
        raise PipelineError(
            f"{type(self).__name__} has no closed form.",
            where="params.yaml: training",
            remedy="Give it `kind: descent`.",
        )

    def embedded(self, ids: Tensor) -> Tensor:
        """What stands for the symbols of each row, side by side: (rows, width). Some learn it."""
        raise PipelineError(
            f"{type(self).__name__} has no vectors for its symbols.",
            where="params.yaml",
            remedy="`embedded` and `probes.entities` name experiments whose models learn them.",
        )

    def recurrent(self) -> dict[str, Tensor]:
        """By what the hidden state is multiplied from step to step: (hidden, hidden) a gate."""
        return {}

    def spec(self) -> dict[str, Any]:
        """All that `build` needs to make this model again, without its weights."""
        return {
            "module": type(self).__module__.rsplit(".", 1)[-1],
            "name": type(self).__name__,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "settings": self.settings.model_dump(),
        }


def of_gates(rnn: nn.RNNBase) -> dict[str, Tensor]:
    """The recurrent matrices of PyTorch's layers, layer by layer and gate by gate."""
    gates = {"GRU": "rzn", "LSTM": "ifgo"}.get(rnn.mode, "h")
    return {
        f"{name.removeprefix('weight_hh_')} {gate}": matrix
        for name, weights in rnn.named_parameters()
        if name.startswith("weight_hh_")
        for gate, matrix in zip(gates, weights.chunk(len(gates)), strict=True)
    }


def build(spec: Mapping[str, Any]) -> Model:
    """The model that a spec describes, with fresh weights."""
    module, name = spec["module"], spec["name"]
    try:
        kind = vars(import_module(f"recurrent.models.{module}")).get(name)
    except ModuleNotFoundError as fault:
        raise PipelineError(f"there is no recurrent/models/{module}.py ({fault}).") from fault
    if not (isinstance(kind, type) and issubclass(kind, Model)):
        raise PipelineError(f"recurrent/models/{module}.py has no model {brief.repr(name)}.")
    settings = checked(
        kind.Settings, dict(spec["settings"]), f"params.yaml: model {name}: settings"
    )
    try:
        return kind(spec["inputs"], spec["outputs"], settings)
    except (RuntimeError, MemoryError, TypeError, OverflowError) as fault:  # a size beyond all
        why = " ".join(str(fault).split())[:200]
        raise PipelineError(
            f"cannot be built with {settings} ({why}).",
            where=f"params.yaml: model {name}",
            remedy="Make it smaller.",
        ) from fault


def save(model: Model, path: Path) -> None:
    """Weights as safetensors, in the order of their names: the same weights, the same bytes."""
    tensors = {
        name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()
    }
    files.write_bytes(path, as_safetensors(dict(sorted(tensors.items()))))


def restore(spec: Mapping[str, Any], path: Path) -> Model:
    """A trained model; weights that do not fit the spec are refused."""
    model = build(spec)
    try:
        model.load_state_dict(load_file(path))
    except (FileNotFoundError, SafetensorError, RuntimeError) as fault:
        raise PipelineError(
            f"does not hold the weights of {spec['name']} ({str(fault).strip()[:200]}).",
            where=str(path),
            remedy="Train it again: dvc repro.",
        ) from fault
    return model.eval()


def read_spec(folder: Path) -> dict[str, Any]:
    """The spec of a trained experiment."""
    try:
        spec: dict[str, Any] = files.read_json(folder / "spec.json")
    except FileNotFoundError:
        raise PipelineError(
            "this experiment is not trained yet.", where=str(folder), remedy="Run dvc repro."
        ) from None
    known = checked(Spec, spec, str(folder / "spec.json"))
    characters, classes = {*known.about.vocabulary}, known.about.classes
    if len(characters) + 1 != known.inputs or len(classes) not in (0, known.outputs):
        raise PipelineError(
            f"{known.inputs:,} inputs and {known.outputs:,} outputs, but {len(characters):,} "
            f"characters (and padding) and {len(classes):,} classes.",
            where=str(folder / "spec.json"),
            remedy="Train it again: dvc repro.",
        )
    return spec


def seed_file(folder: Path, seed: int) -> Path:
    """Where the weights trained from one seed lie."""
    return folder / f"seed-{seed}.safetensors"
