"""One workload trained in several ways and as its plain twin, epoch by epoch in turn."""

import statistics
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch

from benchmarks import machine
from benchmarks.twin import Twin
from benchmarks.workloads import Ready, Workload, ready
from recurrent.config import Runtime
from recurrent.training.callbacks import Watch
from recurrent.training.forward import Forward
from recurrent.training.gradients import Gradients
from recurrent.training.loop import one_epoch
from recurrent.training.optimizers import optimizer_of
from recurrent.training.seeding import generator

SAME = 2e-3  # by how much the losses of the first batches may differ: rounding, grown by training
FEWER_BITS = 5e-2  # the same in bfloat16 or TF32
FIRST = 10  # batches: later, at a lecture's rate, rounding may have grown to anything
PLAIN = "plain"
OPERATIONS = "gflop"


class Ours:
    """The pipeline's own loop on one workload, on a machine that is set so."""

    def __init__(self, made: Ready, runtime: Runtime) -> None:
        self.made, self.runtime = made, runtime
        model, training = deepcopy(made.ours), made.training
        self.optimizer = optimizer_of(model, training, "bench")
        self.forward = Forward(model, runtime, made.task.device)
        self.gradients = Gradients(model, training)
        self.watch = Watch("bench", 0, None, lambda *_: None)  # type: ignore[arg-type]

    def epoch(self, number: int) -> list[float]:
        """Each batch's loss."""
        machine.settle(self.runtime)
        losses, _ = one_epoch(
            self.forward,
            self.made.task,
            self.made.training,
            self.optimizer,
            self.gradients,
            number,
            self.watch,
        )
        self.gradients.of_epoch()
        return losses.tolist()


def measure(
    workload: Workload,
    ways: Mapping[str, Runtime],
    batches: int,
    repeats: int,
    device: torch.device = machine.CPU,
) -> dict[str, float]:
    """Seconds of the lecture's epoch in each way and as the plain twin, and its operations."""
    with tempfile.TemporaryDirectory() as folder:
        made = ready(workload, Path(folder) / "data", batches, device)
    twin = Twin(made.twin, made.task, made.training)
    ours = {name: Ours(made, runtime) for name, runtime in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in (PLAIN, *ways)}
    for number in range(1, repeats + 2):
        epoch = min(number, made.training.total)
        order = [*made.task.batches("train", workload.batch, order_of(epoch))]
        machine.settle(next(iter(ways.values())))
        took, told = machine.timed(lambda order=order, epoch=epoch: twin.epoch(order, epoch))
        seconds[PLAIN].append(took)
        for name, way in ours.items():
            took, losses = machine.timed(lambda way=way, epoch=epoch: way.epoch(epoch))
            seconds[name].append(took)
            if number == 1:  # it warms up, and it must compute the same
                within = SAME if way.runtime.precision == "full" else FEWER_BITS
                firsts = (torch.tensor(found[:FIRST]) for found in (losses, told))
                torch.testing.assert_close(*firsts, rtol=within, atol=within)
    scale = workload.batches / len(order)
    counted = Ours(made, Runtime())
    operations = machine.operations(lambda: counted.epoch(1))
    return {
        **{name: statistics.median(took[1:]) * scale for name, took in seconds.items()},
        OPERATIONS: operations * scale / 1e9,
    }


def order_of(epoch: int) -> np.random.Generator:
    """What shuffles an epoch: the loop draws the same."""
    return generator("bench", 0, "order", epoch)
