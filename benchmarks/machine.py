"""What the arithmetic of a training costs at least: its products, at the machine's best rate."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from recurrent.config import Runtime
from recurrent.training.determinism import prepare

CPU = torch.device("cpu")
SQUARE = 2048  # of the matrices whose product tells the rate


def described(device: torch.device = CPU) -> str:
    """Processor, threads and library, for the head of a table."""
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


def rate(device: torch.device = CPU) -> float:
    """Floating-point operations a second in a large product of matrices, the median of nine."""
    a, b = (torch.randn(SQUARE, SQUARE, device=device) for _ in "ab")
    a @ b
    return 2 * SQUARE**3 / statistics.median(timed(lambda: a @ b)[0] for _ in range(9))


def settle(runtime: Runtime) -> None:
    """As the training stage sets the library, but for instructions."""
    prepare(runtime.model_copy(update={"reproducible": "fast"}))


def operations(run: Callable[[], object]) -> int:
    """Floating-point operations of the products in it, counted from their shapes."""
    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def timed(run: Callable[[], object]) -> tuple[float, object]:
    """Seconds, and what came of it."""
    wait()
    begun = time.perf_counter()
    result = run()
    wait()
    return time.perf_counter() - begun, result


def wait() -> None:
    """Until the GPU has done what it was told, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
