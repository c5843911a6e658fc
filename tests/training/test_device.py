"""The device: chosen by what there is, refused by name, and every experiment learns on CUDA."""

from pathlib import Path

import pytest
import torch

from stages import params
from stages.errors import PipelineError
from stages.models import contract
from stages.params import Descent, Runtime
from stages.training.device import prepare
from stages.training.loop import LEARN
from stages.training.tasks import Classify
from tests.pipeline.imports import ROOT
from tests.training.toy import watch, write_dataset

EXPERIMENTS = params.load(ROOT / "params.yaml").experiments
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture(autouse=True)
def restore_torch() -> object:
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


def test_cpu_is_cpu_and_the_threads_are_fixed() -> None:
    assert prepare(Runtime(device="cpu", threads=1)).type == "cpu"
    assert torch.get_num_threads() == 1


def test_auto_takes_cuda_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert prepare(Runtime()).type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert prepare(Runtime()).type == "cpu"


def test_cuda_without_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PipelineError, match="no CUDA device"):
        prepare(Runtime(device="cuda"))


@needs_cuda
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_learns_on_cuda_twice_the_same(name: str, tmp_path: Path) -> None:
    chosen, weights = EXPERIMENTS[name], []
    write_dataset(tmp_path / "data")
    for attempt in ("a", "b"):
        task = Classify(tmp_path / "data", prepare(Runtime(device="cuda")))
        torch.manual_seed(0)
        spec = {**chosen.model.model_dump(), "inputs": task.inputs, "outputs": task.outputs}
        model = contract.build(spec).to(task.device)
        training = chosen.training
        if isinstance(training, Descent):
            training = training.model_copy(update={"epochs": 2})
        LEARN[training.kind](model, task, training, watch(tmp_path / attempt, []))
        assert all(tensor.is_cuda for tensor in model.state_dict().values())
        weights.append(model.state_dict())
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
