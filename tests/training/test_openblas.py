"""Strict mode multiplies with OpenBLAS: the same products, and nothing left for MKL in training."""

import re
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.training import openblas
from tests.project import ROOT
from tests.training.test_determinism import X86, kinds

pytestmark = pytest.mark.usefixtures("restored_torch")
SIZES = st.integers(0, 6)
CALL = re.compile(r"MKL_VERBOSE \w+\(")  # but for its header


def drawn(rows: int, columns: int, dtype: torch.dtype, transposed: bool) -> Tensor:
    values = torch.arange(rows * columns, dtype=dtype).reshape(rows, columns).sin()
    return values.T.contiguous().T if transposed else values


@given(SIZES, SIZES, SIZES, st.sampled_from(openblas.TYPES), st.booleans(), st.booleans())
def test_products_are_those_of_pytorch(
    m: int, k: int, n: int, dtype: torch.dtype, first: bool, second: bool
) -> None:
    a, b, c = drawn(m, k, dtype, first), drawn(k, n, dtype, second), drawn(m, n, dtype, False)
    torch.testing.assert_close(openblas.multiply(a, b), a @ b)
    for beta, alpha in ((1, 1), (0, 1), (0.5, 2)):
        found = openblas.multiply_add(c, a, b, beta=beta, alpha=alpha)
        torch.testing.assert_close(found, torch.addmm(c, a, b, beta=beta, alpha=alpha))


def test_a_row_is_added_to_every_row_of_the_product() -> None:
    a, b, row = torch.randn(3, 4), torch.randn(4, 5), torch.randn(5)
    torch.testing.assert_close(openblas.multiply_add(row, a, b), torch.addmm(row, a, b))


def test_gradients_flow_through_products() -> None:
    openblas.use(True)
    a, b, c = (torch.randn(4, 4, dtype=torch.double, requires_grad=True) for _ in range(3))
    assert torch.autograd.gradcheck(lambda *inputs: torch.addmm(*inputs) @ a, (c, a, b))
    openblas.use(False)


def test_other_types_are_refused() -> None:
    openblas.use(True)
    with pytest.raises(NotImplementedError, match="bfloat16"):
        torch.ones(2, 2, dtype=torch.bfloat16) @ torch.ones(2, 2, dtype=torch.bfloat16)
    openblas.use(False)
    torch.ones(2, 2, dtype=torch.bfloat16) @ torch.ones(2, 2, dtype=torch.bfloat16)


@X86
def test_an_openblas_that_chose_its_own_kernels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    openblas.refuse_other_kernels()
    monkeypatch.setattr(openblas, "KERNELS", "another")
    with pytest.raises(PipelineError, match="Import `recurrent` first"):
        openblas.refuse_other_kernels()


STEPS = """
import recurrent
import sys, tempfile, torch
from pathlib import Path
from recurrent.common.config import Runtime
from recurrent.training.determinism import prepare
from tests.training.test_determinism import kinds, shortened, shrunken, toy
from tests.training.toy import train

device = prepare(Runtime(device="cpu", reproducible=sys.argv[1]))
for variant in kinds()[: int(sys.argv[2])]:
    folder = Path(tempfile.mkdtemp())
    task = toy(variant, folder / "data", device)
    if variant.training.method == "descent":
        print("variant", variant.name, flush=True)
        with torch.backends.mkl.verbose(torch.backends.mkl.VERBOSE_ON):
            train(task, folder, shortened(variant), spec=shrunken(variant))
"""


@X86
@pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="PyTorch without MKL")
def test_no_kind_of_training_calls_mkl() -> None:
    def lines(mode: str, count: int) -> list[str]:
        command = [sys.executable, "-c", STEPS, mode, str(count)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    found = lines("strict", len(kinds()))
    networks = [variant for variant in kinds() if variant.training.method == "descent"]
    assert sum(line.startswith("variant") for line in found) == len(networks)
    assert not [line for line in found if CALL.match(line)]
    assert [line for line in lines("fast", 1) if CALL.match(line)]  # otherwise this shows nothing
