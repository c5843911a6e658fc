"""Each plain port computes what our network computes; otherwise timings mean nothing."""

from pathlib import Path

import pytest
import torch

from benchmarks.machine import CPU
from benchmarks.pairs import Ours, shuffling_generator
from benchmarks.twin import Twin
from benchmarks.workloads import WORKLOADS, make
from recurrent.common.config import Runtime


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_port_has_our_losses(name: str, tmp_path: Path) -> None:
    workload = WORKLOADS[name]
    pair = make(workload, tmp_path / "data", batches=2, device=CPU)
    ours, twin = Ours(pair, Runtime()), Twin(pair.twin, pair.task, pair.training)
    order = pair.task.batches("train", workload.batch_size, shuffling_generator(1))
    assert len(order) >= 2
    mine, theirs = (torch.tensor(x) for x in (ours.epoch(1), twin.epoch([*order], 1)))
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    assert not torch.equal(mine[0], mine[1])
