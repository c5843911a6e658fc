"""The forward pass in lower precision, and as CUDA graphs."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recurrent.common.config import Runtime, checked
from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.tasks.next_token import NextToken
from recurrent.training import openblas
from recurrent.training.callbacks import Callbacks
from recurrent.training.checkpoint import Checkpoint
from recurrent.training.forward import Forward, TensorsOnly, can_be_captured
from recurrent.training.gradients import Gradients
from recurrent.training.loop import train_epoch
from recurrent.training.optimizers import OPTIMIZERS
from tests.training.test_determinism import needs_cuda
from tests.training.toy import (
    CPU,
    RECURRENT,
    WRITING,
    Spec,
    assert_same,
    descent,
    fresh,
    text_task,
    toy_task,
    train,
    write_text,
)

FAST: dict[str, Any] = {"reproducible": "fast"}
SCRATCH: Spec = {"module": "lyrics", "name": "Lstm", "settings": {"hidden": 8, "scale": 0.1}}
LOOP: Spec = {"module": "names", "name": "CharRnnClassifier", "settings": {"hidden": 8}}


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_low_precision_is_not_strict(precision: str) -> None:
    with pytest.raises(PipelineError, match="set `reproducible: fast`"):
        checked(Runtime, {"precision": precision}, "params.yaml: runtime")
    assert checked(Runtime, {"precision": precision, **FAST}, "").precision == precision


@pytest.mark.parametrize(
    ("graphs", "reproducible", "expected"),
    [
        ("auto", "fast", True),
        ("auto", "strict", False),
        (True, "strict", True),
        (False, "fast", False),
    ],
)
def test_graphs_are_automatic_in_fast_mode(
    graphs: Any, reproducible: Any, expected: bool, tmp_path: Path
) -> None:
    runtime = Runtime(graphs=graphs, reproducible=reproducible)
    assert runtime.graphs_on_cuda is expected
    model = fresh(toy_task(tmp_path))
    assert Forward(model, runtime, torch.device("cuda")).graphs is expected
    assert not Forward(model, runtime, CPU).graphs


def test_graphs_need_cuda(tmp_path: Path) -> None:
    task = text_task(tmp_path)
    plain = train(task, tmp_path / "a", descent(), spec=WRITING)
    asked = train(task, tmp_path / "b", descent(), spec=WRITING, runtime=Runtime(graphs=True))
    assert_same(plain.weights, asked.weights)


@pytest.mark.parametrize("spec", [SCRATCH, pytest.param(WRITING, marks=needs_cuda)])
def test_bfloat16_learns_about_the_same_and_keeps_weights_in_full_precision(
    spec: Spec, tmp_path: Path
) -> None:
    openblas.use(strict=False)  # an earlier test may have left it on, and it has no bfloat16
    device = torch.device("cuda" if spec is WRITING else "cpu")  # of LSTMs not every CPU can
    task = NextToken(write_text(tmp_path / "text"), device)
    runtime = Runtime(precision="bf16", **FAST)
    full = train(task, tmp_path / "a", descent(), spec=spec)
    fewer = train(task, tmp_path / "b", descent(), spec=spec, runtime=runtime)
    assert fewer.rows[-1]["train_loss"] == pytest.approx(full.rows[-1]["train_loss"], rel=0.05)
    assert fewer.rows[-1]["train_loss"] < fewer.rows[0]["train_loss"]
    assert fewer.rows != full.rows
    assert {weight.dtype for weight in fewer.weights.values()} == {torch.float32}
    logits, _ = Forward(fewer.model, runtime, device)(
        task.take(task.batches("train", 4)[0])[0], None
    )
    assert logits.dtype == torch.float32


@pytest.fixture
def captures(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is captured, on a machine without CUDA: the network runs as it is."""
    found: list[tuple[Any, ...]] = []

    def capture(whole: nn.Module, own: tuple[Any, ...], **_: object) -> nn.Module:
        found.append(own)
        return whole

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", capture)
    monkeypatch.setattr(torch.random, "fork_rng", lambda devices: torch.no_grad())
    return found


def graphed(model: base.Model) -> Forward:
    """As on CUDA, but for the graphs themselves."""
    forward = Forward(model, Runtime(graphs=True), CPU)
    forward.graphs = True
    return forward


def test_a_shape_is_captured_when_it_comes_again(
    captures: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    task = toy_task(tmp_path)
    model = fresh(task).eval()
    forward = graphed(model)
    long, short = torch.ones(4, 3, dtype=torch.long), torch.ones(2, 3, dtype=torch.long)
    for ids in (long, short, long, long):
        assert torch.equal(forward(ids, None)[0], model(ids)[0])
    assert [own[0].shape for own in captures] == [long.shape]
    assert captures[0][0].data_ptr() != long.data_ptr()  # later batches are written over it


def test_each_shape_of_state_has_its_graph(captures: list[tuple[Any, ...]], tmp_path: Path) -> None:
    task = text_task(tmp_path)
    model = fresh(task, WRITING)
    forward, ids = graphed(model), task.take(task.batches("train", 4)[0])[0]
    state = None
    for _ in range(4):
        logits, state = forward(ids, state)
    assert [len(own) for own in captures] == [2]  # without a state it came once
    assert all(not part.requires_grad for part in state)
    assert logits.requires_grad


def test_stacked_layers_with_dropout_are_not_captured(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    settings = {**RECURRENT["settings"], "dropout": 0.3}
    one, two = ({**RECURRENT, "settings": {**settings, "layers": n}} for n in (1, 2))
    assert can_be_captured(fresh(task, one))
    assert not can_be_captured(fresh(task, two))
    assert not Forward(fresh(task, two), Runtime(graphs=True), torch.device("cuda")).graphs


def test_a_network_without_a_state_returns_an_empty_one() -> None:
    class Without(base.Model):
        class Settings(base.Settings):
            pass

        def forward(self, ids: Tensor, state: object = None) -> tuple[Tensor, None]:
            return ids.float(), None

    whole = TensorsOnly(Without(1, 1, Without.Settings()))
    assert whole(torch.ones(2, 3))[1] == ()


@needs_cuda
@pytest.mark.parametrize("spec", [SCRATCH, WRITING, LOOP, RECURRENT])
def test_graphs_learn_what_kernels_learn(spec: Spec, tmp_path: Path) -> None:
    device = torch.device("cuda")
    writes = spec in (SCRATCH, WRITING)
    plain = toy_task(tmp_path)
    task = NextToken(write_text(tmp_path / "text"), device) if writes else plain
    if not writes:
        task = type(plain)(tmp_path / "toy", device)
    without = train(task, tmp_path / "a", descent(), spec=spec, runtime=Runtime(threads=1))
    graphs = Runtime(graphs=True, threads=1)
    captured = train(task, tmp_path / "b", descent(), spec=spec, runtime=graphs)
    again = train(task, tmp_path / "c", descent(), spec=spec, runtime=graphs)
    assert_same(captured.weights, again.weights)
    for name, weight in without.weights.items():
        torch.testing.assert_close(captured.weights[name], weight, rtol=1e-3, atol=1e-4)


@needs_cuda
def test_an_epoch_waits_for_the_gpu_once(tmp_path: Path) -> None:
    device = torch.device("cuda")
    task = NextToken(write_text(tmp_path / "text"), device)
    model, training = fresh(task, WRITING), descent()
    optimizer = OPTIMIZERS["adam"](model.parameters(), lr=0.01)
    parts = (Forward(model, Runtime(), device), task, training, optimizer)
    callbacks = Callbacks("toy", 0, Checkpoint(tmp_path / "checkpoint.safetensors"))
    train_epoch(*parts, Gradients(model, training), 1, callbacks)
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with pytest.warns(UserWarning, match="synchronizing") as heard:
            train_epoch(*parts, Gradients(model, training), 2, callbacks)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert len(heard) == 1
