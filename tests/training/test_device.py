"""The device: chosen by what there is, refused by name, and every experiment learns on each."""

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from recurrent import config as params
from recurrent.config import Runtime
from recurrent.errors import PipelineError
from recurrent.experiments import Descent, Experiment
from recurrent.tasks.base import Task, load
from recurrent.training.determinism import prepare
from tests.pipeline.imports import ROOT
from tests.training.toy import COLUMNS, train, write_names, write_table, write_text

PARAMS = params.load(ROOT / "params.yaml")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
pytestmark = pytest.mark.usefixtures("restored_torch")


def toy(chosen: Experiment, folder: Path, device: torch.device) -> Task:
    """An experiment's task on little data of the kind that it has."""
    settings = PARAMS.dataset(chosen.dataset).settings
    if chosen.task == "classify":
        write_names(folder)
    elif chosen.task == "regress":
        write_table(folder, width=4 if chosen.dataset in PARAMS.embedded else 0)
    else:
        order, steps = settings.get("order", "shuffled"), min(settings["steps"], 8)
        write_text(folder, order, settings.get("targets", "every"), steps)
    return load(chosen.task)(folder, device)


def test_what_cannot_repeat_itself_is_refused() -> None:
    torch.set_deterministic_debug_mode("default")
    prepare(Runtime(device="cpu"))
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()


SIZES = {"hidden": 8, "embedding": 4, "trees": 3, "rounds": 3}


def shrunken(chosen: Experiment) -> dict[str, Any]:
    """Its model with few numbers, and as many layers as matter."""
    spec = chosen.model.model_dump()
    small: dict[str, Any] = {size: n for size, n in SIZES.items() if size in spec["settings"]}
    if isinstance(spec["settings"].get("hidden"), list):  # of each layer
        small["hidden"] = [SIZES["hidden"] for _ in spec["settings"]["hidden"]]
    if "widths" in spec["settings"]:
        small["widths"] = [*range(1, len(COLUMNS) + 1)]
    layers = {"layers": min(spec["settings"].get("layers", 1), 2)}
    spec["settings"] |= small | (layers if layers["layers"] > 1 else {})
    return spec


def kinds() -> list[str]:
    """The first experiment of each kind: a task, a shrunken model, a way of learning."""
    found: dict[str, str] = {}
    for name, chosen in PARAMS.experiments.items():
        settings = PARAMS.dataset(chosen.dataset).settings
        reading = [settings.get("order"), settings.get("targets"), chosen.task]
        reading.append(chosen.dataset in PARAMS.embedded)
        way = chosen.training.model_copy(update={"epochs": 2, "batch": 16, "rate": 0.01})
        found.setdefault(repr([reading, shrunken(chosen), way]), name)
    return [*found.values()]


def test_cpu_is_cpu_and_the_threads_are_fixed() -> None:
    assert prepare(Runtime(device="cpu", threads=1)).type == "cpu"
    assert torch.get_num_threads() == 1


SUBNORMAL = """
import torch
from recurrent.config import Runtime
from recurrent.training.determinism import prepare
prepare(Runtime(device="cpu", threads=2))
small = torch.full((1 << 20,), 1e-30, requires_grad=True)  # enough of them for both threads
(small * 1e-10).sum().backward()
print((small.detach() * 1e-10).count_nonzero().item(), (small.grad * 1e-30).count_nonzero().item())
"""


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="not on this processor")
def test_no_thread_computes_with_numbers_that_are_slow_for_being_small() -> None:
    done = subprocess.run([sys.executable, "-c", SUBNORMAL], cwd=ROOT, capture_output=True)
    assert done.stdout == b"0 0\n", done.stderr


def test_auto_takes_cuda_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert prepare(Runtime()).type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert prepare(Runtime()).type == "cpu"


def test_cuda_without_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PipelineError, match="no CUDA device"):
        prepare(Runtime(device="cuda"))


def test_bfloat16_is_for_cuda() -> None:
    fewer = Runtime(device="cpu", precision="bf16", reproducible="fast")
    with pytest.raises(PipelineError, match=r"params\.yaml: runtime\.precision is bf16.*full"):
        prepare(fewer)


ELSEWHERE = {  # what other processors would choose, and a user may have set
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Sandybridge",
}
LEARN = """
import stages  # first, as `python -m stages.train` does
import hashlib, sys, numpy, torch
from recurrent.config import Runtime
from recurrent.training.determinism import prepare
prepare(Runtime(device="cpu", threads=2, reproducible=sys.argv[1]))
torch.manual_seed(0)
digest = hashlib.sha256()
square = numpy.random.default_rng(0).standard_normal((96, 96))
digest.update(numpy.linalg.inv(square).tobytes())
for kind in ("RNN", "GRU", "LSTM"):
    network, text = getattr(torch.nn, kind)(64, 96), torch.randn(12, 16, 64)
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
    """The hash of what networks learn in a process of their own, with these settings around."""
    command = [sys.executable, "-c", LEARN, reproducible]
    done = subprocess.run(
        command, env={**os.environ, **settings}, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="of x86-64 alone")
def test_strict_gives_the_same_bits_whatever_instructions_the_libraries_would_choose() -> None:
    assert learned("strict", {}) == learned("strict", ELSEWHERE)
    assert learned("fast", {}) != learned("fast", ELSEWHERE)  # else this shows nothing


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="of x86-64 alone")
def test_numpy_computes_as_on_every_processor_with_avx2() -> None:
    code = (
        "import stages, numpy, threadpoolctl;"
        "print({p.get('architecture') for p in threadpoolctl.threadpool_info()"
        " if p['internal_api'] == 'openblas'})"
    )
    around = {**os.environ, "OPENBLAS_CORETYPE": "Sandybridge"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=around, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "{'Haswell'}\n", done.stderr


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_cuda)])
@pytest.mark.parametrize("name", kinds())
def test_every_experiment_learns_twice_the_same(name: str, device: str, tmp_path: Path) -> None:
    chosen = PARAMS.experiments[name]
    training = chosen.training
    if isinstance(training, Descent):
        training = training.model_copy(update={"epochs": 2, "batch": 16})
    task = toy(
        chosen, tmp_path / "data", prepare(Runtime.model_validate({"device": device, "threads": 1}))
    )
    spec = shrunken(chosen)
    first, again = (train(task, tmp_path / attempt, training, spec=spec) for attempt in "ab")
    assert all(tensor.device.type == device for tensor in first.weights.values())
    assert first.weights.keys() == again.weights.keys()
    assert all(torch.equal(first.weights[part], again.weights[part]) for part in first.weights)
    assert first.told == again.told
