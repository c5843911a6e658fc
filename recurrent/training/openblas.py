"""Matrix products that have the same bits on every x86-64 with AVX2.

PyTorch multiplies matrices with MKL. MKL has the same bits on all processors only if it uses the
instructions that all of them have (`MKL_CBWR=COMPATIBLE`), which takes two to three times as long.
NumPy's OpenBLAS has fixed kernels for AVX2: `recurrent/common/__init__.py` selects them. So strict
mode lets OpenBLAS compute `mm` and `addmm` on the CPU. In training, our networks need only these
two, also inside nn.RNN, nn.GRU and nn.Linear; nn.LSTM uses oneDNN, which is limited to AVX2. Other
products, such as `bmm`, stay with MKL: slow, but with the same bits.
"""

import warnings

import numpy as np
import torch
from threadpoolctl import threadpool_info
from torch import Tensor

from recurrent.common.errors import PipelineError

KERNELS = "Haswell"  # OpenBLAS's name for AVX2
TYPES = (torch.float32, torch.float64)
_replaced: torch.library.Library | None = None


def use(strict: bool) -> None:
    """Compute PyTorch's CPU matrix products with OpenBLAS, or restore PyTorch's own."""
    global _replaced
    if strict and _replaced is None:
        refuse_other_kernels()
        _replaced = torch.library.Library("aten", "IMPL")
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # we override kernels
            _replaced.impl("mm", multiply, "CPU")
            _replaced.impl("addmm", multiply_add, "CPU")
    elif not strict and _replaced is not None:
        _replaced._destroy()
        _replaced = None


def refuse_other_kernels() -> None:
    """Refuse an OpenBLAS whose kernels depend on the processor."""
    found = [library for library in threadpool_info() if library["internal_api"] == "openblas"]
    if not found:
        raise PipelineError(
            "NumPy does not use OpenBLAS, so its products depend on the processor.",
            where="params.yaml: runtime.reproducible: strict",
            remedy="Install NumPy from PyPI, or set `reproducible: fast`.",
        )
    for library in found:
        if library.get("architecture") != KERNELS or library["num_threads"] != 1:
            raise PipelineError(
                f"{library['filepath']} computes with {library['num_threads']} threads of "
                f"{library.get('architecture')}, not with one of {KERNELS}: NumPy was imported "
                "before `recurrent`.",
                where="params.yaml: runtime.reproducible: strict",
                remedy="Import `recurrent` first, or set `reproducible: fast`.",
            )


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """Return a @ b, as aten::mm."""
    if a.dtype not in TYPES:
        raise NotImplementedError(f"strict mode multiplies no matrices of {a.dtype} on a CPU")
    product = a.new_empty(a.shape[0], b.shape[1])
    with np.errstate(all="ignore"):  # an exploding network is reported once, when its epoch ends
        np.matmul(a.detach().numpy(), b.detach().numpy(), out=product.numpy())
    return product


def multiply_add(c: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return beta * c + alpha * a @ b, as aten::addmm."""
    product = multiply(a, b)
    if alpha != 1:
        product *= alpha
    return product.add_(c, alpha=beta) if beta != 0 else product
