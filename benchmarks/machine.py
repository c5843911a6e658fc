"""A lower bound for training time: its matrix products, at the machine's best rate."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch.utils.flop_counter import FlopCounterMode

from recurrent.common.config import Runtime
from recurrent.training.determinism import prepare

CPU = torch.device("cpu")
Result = TypeVar("Result")
SQUARE = 2048  # rows of the matrices that measure the rate


def describe(device: torch.device = CPU) -> str:
    """Return processor, threads and library, for the top of a page."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, PyTorch {torch.__version__}"
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        cpu = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), cpu)
    capability = torch.backends.cpu.get_cpu_capability()
    return (
        f"{cpu} ({capability}), {os.cpu_count()} processors, {torch.get_num_threads()} threads, "
        f"PyTorch {torch.__version__}"
    )


def operations_per_second() -> float:
    """Return operations per second in a large matrix product, the median of nine."""
    a, b = (torch.randn(SQUARE, SQUARE) for _ in "ab")
    a @ b
    return 2 * SQUARE**3 / statistics.median(timed(lambda: a @ b)[0] for _ in range(9))


def prepare_fast(runtime: Runtime) -> None:
    """Set up PyTorch as the train stage does, but with all of the processor's instructions."""
    prepare(runtime.model_copy(update={"reproducible": "fast"}))


def count_operations(run: Callable[[], object]) -> int:
    """Return the operations of all matrix products, counted from their shapes."""
    # The counter does not know cuDNN's recurrent layers.
    with torch.backends.cudnn.flags(enabled=False), FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def timed(run: Callable[[], Result]) -> tuple[float, Result]:
    """Return the seconds that a call takes, and its result."""
    synchronize()
    start = time.perf_counter()
    result = run()
    synchronize()
    return time.perf_counter() - start, result


def synchronize() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
