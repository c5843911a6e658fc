"""The device is chosen or refused by name, and every kind of experiment repeats to the bit."""

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from recurrent.common import config
from recurrent.common.config import Descent, Runtime, Variant
from recurrent.common.errors import PipelineError
from recurrent.tasks.base import Task, load
from recurrent.training.determinism import prepare
from tests.project import ROOT
from tests.training.toy import COLUMNS, train, write_names, write_table, write_text

CONFIG = config.load(folder=ROOT)
VARIANTS = [*CONFIG.variants(), *config.load("beyond", ROOT).variants()]
X86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="needs x86-64")
needs_cuda = pytest.mark.cuda  # skipped without a device: tests/conftest.py
pytestmark = pytest.mark.usefixtures("restored_torch")


def toy(variant: Variant, folder: Path, device: torch.device) -> Task:
    """A variant's task on a small dataset of the same kind."""
    settings = CONFIG.encoding(variant.dataset).settings
    if variant.task == "classify":
        write_names(folder)
    elif variant.task == "regress":
        write_table(folder, width=4 if variant.dataset in CONFIG.embedded else 0)
    else:
        order, window = settings.get("order", "shuffled"), min(settings["window"], 8)
        write_text(folder, order, settings.get("targets", "every"), window)
    return load(variant.task)(folder, device)


SIZES = {"hidden": 8, "embedding": 4, "trees": 3, "rounds": 3}


def shrunken(variant: Variant) -> dict[str, Any]:
    """Its model with small sizes, and two layers at most."""
    spec = variant.model.model_dump()
    settings = spec["settings"]
    small: dict[str, Any] = {size: n for size, n in SIZES.items() if size in settings}
    if isinstance(settings.get("hidden"), list):
        small["hidden"] = [SIZES["hidden"] for _ in settings["hidden"]]
    if "widths" in settings:
        small["widths"] = [*range(1, len(COLUMNS) + 1)]
    if settings.get("layers", 1) > 1:
        small["layers"] = 2
    spec["settings"] = settings | small
    return spec


def shortened(variant: Variant) -> Any:
    """Its training for two epochs."""
    training = variant.training
    if not isinstance(training, Descent):
        return training
    return training.model_copy(update={"epochs": 2, "batch_size": 16, "learning_rate": 0.01})


def kinds() -> list[Variant]:
    """The first variant of each kind: a task, a shrunken model, a way of training."""
    found: dict[str, Variant] = {}
    for variant in VARIANTS:
        settings = CONFIG.encoding(variant.dataset).settings
        reading = [settings.get("order"), settings.get("targets"), variant.task]
        reading.append(variant.dataset in CONFIG.embedded)
        found.setdefault(repr([reading, shrunken(variant), shortened(variant)]), variant)
    return [*found.values()]


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_cuda)])
@pytest.mark.parametrize("variant", kinds(), ids=lambda variant: variant.name)
def test_every_kind_of_run_repeats_to_the_bit(
    variant: Variant, device: str, tmp_path: Path
) -> None:
    task = toy(variant, tmp_path / "data", prepare(Runtime.model_validate({"device": device})))
    spec, training = shrunken(variant), shortened(variant)
    first, again = (train(task, tmp_path / attempt, training, spec=spec) for attempt in "ab")
    assert all(tensor.device.type == device for tensor in first.weights.values())
    assert all(torch.equal(first.weights[part], again.weights[part]) for part in first.weights)
    assert first.rows == again.rows


def test_operations_that_do_not_repeat_are_refused() -> None:
    torch.set_deterministic_debug_mode("default")
    assert prepare(Runtime(device="cpu", threads=1)).type == "cpu"
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.utils.deterministic.fill_uninitialized_memory


SUBNORMAL = """
import torch
from recurrent.common.config import Runtime
from recurrent.training.determinism import prepare
prepare(Runtime(device="cpu", threads=2, reproducible="fast"))
small = torch.full((1 << 20,), 1e-30, requires_grad=True)  # enough of them for both threads
(small * 1e-10).sum().backward()
print((small.detach() * 1e-10).count_nonzero().item(), (small.grad * 1e-30).count_nonzero().item())
"""


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="not on this processor")
def test_every_thread_flushes_subnormal_numbers_to_zero() -> None:
    done = subprocess.run([sys.executable, "-c", SUBNORMAL], cwd=ROOT, capture_output=True)
    assert done.stdout == b"0 0\n", done.stderr


def test_auto_takes_cuda_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert prepare(Runtime()).type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert prepare(Runtime()).type == "cpu"
    with pytest.raises(PipelineError, match="no CUDA device"):
        prepare(Runtime(device="cuda"))


def test_bfloat16_needs_cuda() -> None:
    low = Runtime(device="cpu", precision="bf16", reproducible="fast")
    with pytest.raises(PipelineError, match=r"params\.yaml: runtime\.precision is bf16.*full"):
        prepare(low)


ELSEWHERE = {  # what other processors would choose, and a user may have set
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Sandybridge",
}
LEARN = """
import recurrent  # first, as `python -m stages.train` does
import hashlib, sys, numpy, torch
from recurrent.common.config import Runtime
from recurrent.training.determinism import prepare
prepare(Runtime(device="cpu", reproducible=sys.argv[1]))
torch.manual_seed(0)
digest = hashlib.sha256()
square = numpy.random.default_rng(0).standard_normal((96, 96))
digest.update(numpy.linalg.inv(square).tobytes())
for kind in ("RNN", "GRU", "LSTM"):
    network, text = getattr(torch.nn, kind)(64, 96), torch.randn(12, 16, 64)
    digest.update(network(text)[0].detach().numpy().tobytes())
    if sys.argv[1] == "fast":
        continue  # the outputs differ already, and an optimiser takes a second to import
    descent = torch.optim.Adam(network.parameters(), fused=True)
    for _ in range(3):
        descent.zero_grad()
        network(text)[0].square().mean().backward()
        descent.step()
    for parameter in network.parameters():
        digest.update(parameter.detach().numpy().tobytes())
print(digest.hexdigest())
"""


def learned(reproducible: str, settings: dict[str, str]) -> str:
    """The hash of what networks learn in a process of their own, with these settings."""
    command = [sys.executable, "-c", LEARN, reproducible]
    done = subprocess.run(
        command, env={**os.environ, **settings}, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@X86
def test_strict_gives_the_same_bits_whichever_instructions_libraries_would_choose() -> None:
    assert learned("strict", {}) == learned("strict", ELSEWHERE)
    assert learned("fast", {}) != learned("fast", ELSEWHERE)  # otherwise this shows nothing


@X86
def test_numpy_computes_as_on_every_processor_with_avx2() -> None:
    code = (
        "import recurrent, numpy, threadpoolctl;"
        "print({p.get('architecture') for p in threadpoolctl.threadpool_info()"
        " if p['internal_api'] == 'openblas'})"
    )
    around = {**os.environ, "OPENBLAS_CORETYPE": "Sandybridge"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=around, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "{'Haswell'}\n", done.stderr
