"""Watch a GPU with nvidia-smi, and share it between processes with NVIDIA's MPS."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Self

import torch

EVERY_MS = 500
COMMAND = "nvidia-cuda-mps-control"
TIMEOUT_S = 30


class Monitor:
    """Utilisation and memory of the GPU while a block runs; None without nvidia-smi."""

    def __init__(self) -> None:
        self.utilisation: float | None = None  # the mean, from 0 to 1
        self.gibibytes: float | None = None  # the largest increase
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if program := shutil.which("nvidia-smi"):
            self._process = subprocess.Popen(
                [
                    program,
                    "--query-gpu=utilization.gpu,memory.used",
                    "--format=csv,noheader,nounits",
                    f"--id={gpu_id()}",
                    f"--loop-ms={EVERY_MS}",
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        output = self._process.communicate()[0]
        samples = [line.split(",") for line in output.splitlines() if line.count(",") == 1]
        numbers = [(int(a), int(b)) for a, b in samples if f"{a}{b}".replace(" ", "").isdigit()]
        if numbers:
            self.utilisation = mean(busy for busy, _ in numbers) / 100
            used = [mebibytes for _, mebibytes in numbers]
            self.gibibytes = (max(used) - used[0]) / 1024


def gpu_id() -> str:
    """Return the GPU that PyTorch uses, as nvidia-smi names it."""
    if not torch.cuda.is_available():
        return "0"
    return f"GPU-{torch.cuda.get_device_properties(0).uuid}"


@contextmanager
def multi_process_service(folder: Path) -> Iterator[bool]:
    """Run NVIDIA's multi-process service (MPS) in a block; yield whether it could be started."""
    program = shutil.which(COMMAND)
    if program is None:
        yield False
        return
    places = {f"CUDA_MPS_{kind}_DIRECTORY": str(folder / kind.lower()) for kind in ("PIPE", "LOG")}
    for place in places.values():
        Path(place).mkdir(parents=True)
    os.environ.update(places)  # processes that start in the block inherit these
    started = succeeds([program, "-d"])
    try:
        yield started
    finally:
        if started:
            succeeds([program], "quit\n")
        for name in places:
            del os.environ[name]


def succeeds(command: list[str], text: str = "") -> bool:
    """Run a command with this input; return whether it ends in time and without an error."""
    try:
        done = subprocess.run(
            command,
            input=text,
            text=True,
            stdout=subprocess.DEVNULL,  # a pipe would wait for the daemon, which inherits it
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
