"""A training in progress on disk: after a kill it goes on from the last finished epoch."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from recurrent import files
from recurrent.console import note
from recurrent.tracking.history import Fault, Row

Written = dict[str, dict[str, str]]  # epoch -> prefix -> what the model wrote


@dataclass
class Progress:
    """Where one seed's training stands: tensors by what they belong to, and its history."""

    epoch: int = 0  # finished epochs
    history: list[Row] = field(default_factory=list)
    smoothed: float = 0.0  # the moving average of the losses, biased as it runs
    batches: int = 0  # that it runs over
    samples: Written = field(default_factory=dict)
    gradients: list[Row] = field(default_factory=list)  # their norms at the recorded steps
    faults: list[Fault] = field(default_factory=list)  # what is wrong with it by now
    weights: dict[str, Tensor] = field(default_factory=dict)
    kept: dict[str, Tensor] = field(default_factory=dict)  # of the best epoch so far
    optimizer: dict[str, Tensor] = field(default_factory=dict)  # "<parameter>.<name>"


STANDING = ("epoch", "history", "smoothed", "batches", "samples", "faults")  # what is no tensor
COUNTS = ("epoch", "step")  # of a line of gradients; the rest are norms


class Checkpoint:
    """One file a seed, replaced in one step, and only ever read by the training that wrote it."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path, self.identity = path, identity

    def write(self, progress: Progress) -> None:
        """Replace the file."""
        tensors = {
            f"{part}/{name}": tensor.detach().cpu().contiguous()
            for part in ("weights", "kept", "optimizer")
            for name, tensor in getattr(progress, part).items()
        }
        columns = progress.gradients[0] if progress.gradients else {}
        for name in columns:  # not in the text below: of a long training there are many
            column = [row[name] for row in progress.gradients]
            tensors[f"gradients/{name}"] = torch.tensor(column, dtype=torch.double)
        standing = {name: getattr(progress, name) for name in STANDING}
        about = {
            "columns": json.dumps([*columns]),
            "identity": self.identity,
            "standing": json.dumps(standing, default=asdict),
        }
        about["checksum"] = checksum(tensors, about)
        files.write_bytes(self.path, save(tensors, metadata=about))

    def read(self) -> Progress | None:
        """The progress, if this very training wrote it; a damaged file is set aside."""
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                about: dict[str, str] = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            if about.pop("checksum") != checksum(tensors, about):
                raise ValueError("its checksum is wrong")
            return restored(about, tensors) if about["identity"] == self.identity else None
        except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
            aside = self.path.with_suffix(".damaged")
            self.path.replace(aside)
            note(f"warning: checkpoint {self.path} is damaged ({fault}); kept as {aside.name}")
            return None


def checksum(tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> str:
    """Of all that a checkpoint says: safetensors itself takes flipped bits for weights."""
    found = zlib.crc32(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        found = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), found)
        found = zlib.crc32(tensor.numpy().tobytes(), found)
    return f"{found:08x}"


def restored(about: Mapping[str, str], tensors: Mapping[str, Tensor]) -> Progress:
    """What `write` was given."""
    standing = json.loads(about["standing"])
    standing["faults"] = [Fault(**fault) for fault in standing["faults"]]
    progress = Progress(**standing)
    names = json.loads(about["columns"])
    progress.gradients = lines({name: tensors[f"gradients/{name}"] for name in names})
    for key, tensor in tensors.items():
        part, name = key.split("/", 1)
        if part != "gradients":
            getattr(progress, part)[name] = tensor
    return progress


def lines(columns: dict[str, Tensor]) -> list[Row]:
    """The recorded steps again, line by line."""
    values = {
        name: (column.long() if name in COUNTS else column).tolist()
        for name, column in columns.items()
    }
    return [dict(zip(values, line, strict=True)) for line in zip(*values.values(), strict=True)]


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's state as flat tensors."""
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {
        f"{number}.{name}": torch.as_tensor(value)
        for number, values in state.items()
        for name, value in values.items()
        if value is not None
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put flat tensors back; rates and the like come from params.yaml."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
