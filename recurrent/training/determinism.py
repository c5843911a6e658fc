"""Where tensors live, and what makes their arithmetic repeat."""

import os
import platform

import torch

from recurrent.config import Runtime
from recurrent.errors import PipelineError

# One way of computing on every x86-64 with AVX2, whoever made it: PyTorch's own kernels and oneDNN
# (the LSTM) take these instructions though there be wider ones, and MKL those that all processors
# have. They read this when they compute first, not when they are loaded. NumPy's OpenBLAS reads
# its own when it is loaded: stages/__init__.py.
STRICT = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


def prepare(runtime: Runtime) -> torch.device:
    """Fix threads, instructions, least numbers and deterministic algorithms; choose the device."""
    if runtime.reproducible == "strict" and platform.machine() in ("x86_64", "AMD64"):
        os.environ |= STRICT
    # cuBLAS repeats its results only with a workspace of its own.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # What is below 1e-38 counts as 0: processors are many times slower on such numbers, which
    # vanishing gradients are full of. Threads take this over when they begin: before any does.
    torch.set_flush_denormal(True)
    torch.set_num_threads(runtime.threads)
    # As use_deterministic_algorithms(True), which loads a compiler first: a second for whatever
    # has no optimiser (that loads it too).
    torch.set_deterministic_debug_mode("error")
    tf32 = runtime.precision == "tf32"  # else full precision, as on a CPU
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
    if runtime.device == "cuda" and not torch.cuda.is_available():
        raise PipelineError(
            "runtime.device is cuda, but PyTorch sees no CUDA device.",
            where="params.yaml",
            remedy="Set it to auto or cpu, or mend the driver (nvidia-smi).",
        )
    if runtime.device != "cpu" and torch.cuda.is_available():
        return torch.device("cuda")
    if runtime.precision == "bf16":  # of an nn.LSTM only some processors can
        raise PipelineError(
            "runtime.precision is bf16, which needs a CUDA device here.",
            where="params.yaml",
            remedy="Set it to full.",
        )
    return torch.device("cpu")


def described(device: torch.device, runtime: Runtime) -> str:
    """What may change the last bits of a result: the GPU's kind, or the CPU's instructions."""
    bits = [f"threads-{runtime.threads}", runtime.precision]
    if device.type == "cuda":
        return " ".join(["cuda", torch.cuda.get_device_name(device), *bits])
    chosen = [f"{name}={os.environ[name]}" for name in STRICT if name in os.environ]
    return " ".join(["cpu", torch.backends.cpu.get_cpu_capability(), *chosen, *bits])
