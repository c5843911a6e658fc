"""Choose the device and make its arithmetic deterministic."""

import os
import platform

import torch

from recurrent.common.config import Runtime
from recurrent.common.errors import PipelineError
from recurrent.training import openblas

# Use the same kernels on every x86-64 with AVX2. PyTorch and oneDNN must not use wider
# instructions; MKL uses those that every processor has, and openblas.py replaces most of its work.
# The libraries read these variables at their first computation.
STRICT = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


def prepare(runtime: Runtime) -> torch.device:
    """Set threads, instructions and deterministic algorithms; return the device."""
    strict = runtime.reproducible == "strict" and platform.machine() in ("x86_64", "AMD64")
    if strict:
        os.environ |= STRICT
    openblas.use(strict)
    # cuBLAS is deterministic only with a fixed workspace.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Vanishing gradients are slow, too: subnormal numbers cost a CPU many cycles, so we flush them
    # to zero. Threads inherit this when they start, so we set it before any thread starts.
    torch.set_flush_denormal(True)
    torch.set_num_threads(runtime.threads)
    # The same as use_deterministic_algorithms(True), but without importing PyTorch's compiler,
    # which takes a second.
    torch.set_deterministic_debug_mode("error")
    # Deterministic mode fills new tensors with NaN, to make reads of uninitialised memory repeat.
    # None of our operations reads such memory, and each fill is one more kernel.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    tf32 = runtime.precision == "tf32"
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
    if runtime.device == "cuda" and not torch.cuda.is_available():
        raise PipelineError(
            "runtime.device is cuda, but PyTorch sees no CUDA device.",
            where="params.yaml",
            remedy="Set it to auto or cpu, or fix the driver (nvidia-smi).",
        )
    if runtime.device != "cpu" and torch.cuda.is_available():
        return torch.device("cuda")
    if runtime.precision == "bf16":  # few processors can compute an nn.LSTM in bfloat16
        raise PipelineError(
            "runtime.precision is bf16, which needs a CUDA device.",
            where="params.yaml",
            remedy="Set it to full.",
        )
    return torch.device("cpu")
