"""Each plain twin computes what our network computes, or timing them side by side says nothing."""

from pathlib import Path

import pytest
import torch

from benchmarks.machine import CPU
from benchmarks.pairs import Ours, order_of
from benchmarks.twin import Twin
from benchmarks.workloads import WORKLOADS, Workload, ready
from recurrent.config import Runtime


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_losses_of_a_twin_are_ours(name: str, tmp_path: Path) -> None:
    workload: Workload = WORKLOADS[name]
    made = ready(workload, tmp_path / "data", batches=2, device=CPU)
    ours, twin = Ours(made, Runtime()), Twin(made.twin, made.task, made.training)
    order = made.task.batches("train", workload.batch, order_of(1))
    assert len(order) >= 2
    mine, theirs = (torch.tensor(x) for x in (ours.epoch(1), twin.epoch([*order], 1)))
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    assert not torch.equal(mine[0], mine[1])
