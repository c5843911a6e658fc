"""The contract of every model: one signature, a spec that rebuilds it, weights without pickle."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn

from recurrent.common import files
from recurrent.common.config import Frozen, Key, brief, checked
from recurrent.common.errors import PipelineError

# A tensor (…, batch, width), a tuple of states, or None: it depends on the model.
State = Any
LayerCount = Annotated[int, Field(ge=1, le=100)]
CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def detach(state: State) -> State:
    """Return a state with the same values, through which no gradient flows back."""
    return map_state(state, Tensor.detach)


def map_state(state: State, function: Callable[[Tensor], Any]) -> State:
    """Apply a function to each tensor of a state, however nested."""
    if isinstance(state, Tensor):
        return function(state)
    if isinstance(state, tuple):
        return tuple(map_state(part, function) for part in state)
    return state


class Settings(Frozen):
    """A model's own hyperparameters."""


class About(Frozen, extra="allow"):
    """What a trained model must know about its data."""

    vocabulary: str | list[str]  # without padding
    classes: list[str] = Field(default_factory=list)
    window: int = Field(default=1, ge=1)  # tokens that the model reads at once
    stateful: bool = False  # whether its state is carried from window to window


class Spec(Frozen):
    """The content of spec.json."""

    module: Key
    name: str
    inputs: int = Field(ge=1)
    outputs: int = Field(ge=1)
    settings: dict[str, Any]
    seeds: list[int] = Field(min_length=1)
    about: About


class Model(nn.Module):
    """Token ids in, logits out. A subclass names its `Settings` and writes its equations."""

    Settings: ClassVar[type[Settings]] = Settings
    settings: Any

    def __init__(self, inputs: int, outputs: int, settings: Any) -> None:
        super().__init__()
        self.inputs, self.outputs, self.settings = inputs, outputs, settings

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Return the logits for `ids` (batch, steps), continuing from `state`, and a new state."""
        raise NotImplementedError

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        """Learn in one call from padded ids (records, steps). Networks do not support this."""
        raise PipelineError(
            f"{type(self).__name__} learns by gradient descent only.",
            where="params.yaml: training.method",
            remedy="Set `method: descent`.",
        )

    def embedded(self, ids: Tensor) -> Tensor:
        """Return the learned vectors of each row's tokens, side by side: (rows, width)."""
        raise PipelineError(
            f"{type(self).__name__} has no embeddings.",
            where="params.yaml",
            remedy="Under `embedded` and `examined.embeddings`, name networks that learn them.",
        )

    def recurrent_matrices(self) -> dict[str, Tensor]:
        """Return the matrices that multiply the hidden state at each step, one per gate."""
        return {}

    def spec(self) -> dict[str, Any]:
        """Return what `build` needs to rebuild this model, without its weights."""
        return {
            "module": type(self).__module__.rsplit(".", 1)[-1],
            "name": type(self).__name__,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "settings": self.settings.model_dump(),
        }


class FittedModel(Model):
    """A model that is trained by one call of `fit`. Its arrays are buffers of any length."""

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Load arrays of any length: only the weights file says how long they are."""
        for name, array in self.named_buffers():
            loaded = state_dict.get(name)
            if loaded is not None and loaded.dtype == array.dtype:
                self.register_buffer(name, array.new_empty(loaded.shape))
        return super().load_state_dict(state_dict, strict, assign)


def gate_matrices(rnn: nn.RNNBase) -> dict[str, Tensor]:
    """Return the recurrent matrices of PyTorch's layers, layer by layer and gate by gate."""
    gates = {"GRU": "rzn", "LSTM": "ifgo"}.get(rnn.mode, "h")
    return {
        f"{name.removeprefix('weight_hh_')} {gate}": matrix
        for name, weights in rnn.named_parameters()
        if name.startswith("weight_hh_")
        for gate, matrix in zip(gates, weights.chunk(len(gates)), strict=True)
    }


def build(spec: Mapping[str, Any]) -> Model:
    """Return the model that a spec describes, with fresh weights."""
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
    except (RuntimeError, MemoryError, TypeError, OverflowError) as fault:  # too large for PyTorch
        why = " ".join(str(fault).split())[:200]
        raise PipelineError(
            f"cannot be built with {settings} ({why}).",
            where=f"params.yaml: model {name}",
            remedy="Make it smaller.",
        ) from fault


def save(model: Model, path: Path) -> None:
    """Write the weights as safetensors, sorted by name: the same weights give the same bytes."""
    tensors = {
        name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()
    }
    files.write_bytes(path, to_safetensors(dict(sorted(tensors.items()))))


def restore(spec: Mapping[str, Any], path: Path) -> Model:
    """Return a trained model, or refuse weights that do not fit the spec."""
    model = build(spec)
    try:
        model.load_state_dict(load_file(path))
    except (FileNotFoundError, SafetensorError, RuntimeError) as fault:
        raise PipelineError(
            f"does not contain the weights of {spec['name']} ({str(fault).strip()[:200]}).",
            where=str(path),
            remedy="Train it again: dvc repro.",
        ) from fault
    return model.eval()


def read_spec(folder: Path) -> dict[str, Any]:
    """Return the spec of a trained variant, or refuse one that contradicts itself."""
    path = folder / "spec.json"
    try:
        spec: dict[str, Any] = files.read_json(path)
    except FileNotFoundError:
        raise PipelineError(
            "this model is not trained yet.", where=str(folder), remedy="Run dvc repro."
        ) from None
    check_spec(spec, str(path))
    return spec


def check_spec(spec: Mapping[str, Any], where: str) -> None:
    """Refuse a spec that contradicts itself."""
    known = checked(Spec, dict(spec), where)
    tokens, classes = {*known.about.vocabulary}, known.about.classes
    if len(tokens) + 1 != known.inputs or len(classes) not in (0, known.outputs):
        raise PipelineError(
            f"{known.inputs:,} inputs and {known.outputs:,} outputs do not fit {len(tokens):,} "
            f"tokens (and padding) and {len(classes):,} classes.",
            where=where,
            remedy="Train it again: dvc repro.",
        )


def seed_file(folder: Path, seed: int) -> Path:
    """Return the path of the weights that were trained from one seed."""
    return folder / f"seed-{seed}.safetensors"
