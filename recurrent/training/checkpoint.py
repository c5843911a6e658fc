"""A run in progress on disk: after a kill it continues from the last checkpoint."""

import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from recurrent.common import files
from recurrent.common.console import note
from recurrent.tracking.history import Finding, Row
from recurrent.training import interrupt

EVERY_S = 20.0  # writing one after every epoch can take longer than the epoch
Written = dict[str, dict[str, str]]  # epoch -> prefix -> what the model wrote


@dataclass
class Progress:
    """The state of a run: tensors, history and running averages."""

    epoch: int = 0  # finished epochs
    history: list[Row] = field(default_factory=list)
    smoothed: float = 0.0  # the moving average of the losses, biased towards 0
    batches: int = 0  # in the average
    samples: Written = field(default_factory=dict)
    gradients: list[Row] = field(default_factory=list)  # norms at the recorded steps
    findings: list[Finding] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)
    kept: dict[str, Tensor] = field(default_factory=dict)  # the weights of the best epoch so far
    optimizer: dict[str, Tensor] = field(default_factory=dict)  # "<parameter>.<name>"


SCALARS = ("epoch", "history", "smoothed", "batches", "samples", "findings")
TENSORS = ("weights", "kept", "optimizer")
COUNTS = ("epoch", "step")  # columns of the gradients that are whole numbers


class Checkpoint:
    """A file that is replaced atomically. `due` says when to write it again."""

    def __init__(self, path: Path, every_s: float = EVERY_S) -> None:
        self.path, self.every_s = path, every_s
        self._last = time.monotonic()

    def due(self) -> bool:
        """Return whether it is time to write another checkpoint."""
        return interrupt.requested.is_set() or time.monotonic() - self._last >= self.every_s

    def write(self, progress: Progress) -> None:
        """Replace the file."""
        tensors = {
            f"{part}/{name}": tensor.detach().cpu().contiguous()
            for part in TENSORS
            for name, tensor in getattr(progress, part).items()
        }
        columns = progress.gradients[0] if progress.gradients else {}
        for name in columns:  # stored as tensors: a long run has too many rows for JSON
            column = [row[name] for row in progress.gradients]
            tensors[f"gradients/{name}"] = torch.tensor(column, dtype=torch.double)
        scalars = {name: getattr(progress, name) for name in SCALARS}
        about = {
            "columns": json.dumps([*columns]),
            "scalars": json.dumps(scalars, default=asdict),
        }
        about["checksum"] = checksum(tensors, about)
        files.write_bytes(self.path, save(tensors, metadata=about))
        self._last = time.monotonic()

    def read(self) -> Progress | None:
        """Return the progress in the file, or None; set a damaged file aside."""
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                about: dict[str, str] = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            if about.pop("checksum") != checksum(tensors, about):
                raise ValueError("wrong checksum")
            return restored(about, tensors)
        except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
            aside = self.path.with_suffix(".damaged")
            self.path.replace(aside)
            note(f"warning: checkpoint {self.path} is damaged ({fault}); moved to {aside.name}")
            return None


def checksum(tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> str:
    """Return a CRC of a checkpoint's content; safetensors would read flipped bits as weights."""
    found = zlib.crc32(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        found = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), found)
        found = zlib.crc32(tensor.numpy().tobytes(), found)
    return f"{found:08x}"


def restored(about: Mapping[str, str], tensors: Mapping[str, Tensor]) -> Progress:
    """Return the progress that `write` saved."""
    scalars: dict[str, Any] = json.loads(about["scalars"])
    scalars["findings"] = [Finding(**finding) for finding in scalars["findings"]]
    progress = Progress(**scalars)
    names = json.loads(about["columns"])
    progress.gradients = rows({name: tensors[f"gradients/{name}"] for name in names})
    for key, tensor in tensors.items():
        part, name = key.split("/", 1)
        if part in TENSORS:
            getattr(progress, part)[name] = tensor
    return progress


def rows(columns: dict[str, Tensor]) -> list[Row]:
    """Turn columns into rows."""
    values = {
        name: (column.long() if name in COUNTS else column).tolist()
        for name, column in columns.items()
    }
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimiser's state as flat tensors."""
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {
        f"{number}.{name}": torch.as_tensor(value)
        for number, values in state.items()
        for name, value in values.items()
        if value is not None
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Load flat tensors into an optimiser; its settings come from params.yaml."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
