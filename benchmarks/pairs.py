"""Train a workload with our loop in several ways and with its plain port, epochs in turn."""

import statistics
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks import machine
from benchmarks.twin import Twin
from benchmarks.workloads import Pair, Workload, make
from recurrent.common.config import Runtime
from recurrent.training.callbacks import Callbacks
from recurrent.training.checkpoint import Checkpoint
from recurrent.training.forward import Forward
from recurrent.training.gradients import Gradients
from recurrent.training.loop import train_epoch
from recurrent.training.optimizers import make_optimizer
from recurrent.training.seeding import generator

TOLERANCE = 2e-3  # between the losses of the first batches: rounding, amplified by training
TOLERANCE_LOW_PRECISION = 5e-2  # in bfloat16 or TF32
COMPARED = 10  # batches; later ones may differ widely at a lecture's learning rate
PLAIN = "plain"
OPERATIONS = "gflop"


class Ours:
    """The pipeline's own loop on one workload."""

    def __init__(self, pair: Pair, runtime: Runtime) -> None:
        self.pair, self.runtime = pair, runtime
        device, training = pair.task.device, pair.training
        # A copied nn.RNN has scattered weights; moving it puts them in one block again.
        model = deepcopy(pair.ours).to(device)
        self.optimizer = make_optimizer(model, training, "bench")
        self.forward = Forward(model, runtime, device)
        self.gradients = Gradients(model, training)
        self.callbacks = Callbacks("bench", 0, Checkpoint(Path("unused")))

    def epoch(self, number: int) -> list[float]:
        """Train for one epoch with all instructions; return the loss of each batch."""
        machine.prepare_fast(self.runtime)
        return self.train_epoch(number)

    def train_epoch(self, number: int) -> list[float]:
        """Train for one epoch as PyTorch is set up; return the loss of each batch."""
        losses, _ = train_epoch(
            self.forward,
            self.pair.task,
            self.pair.training,
            self.optimizer,
            self.gradients,
            number,
            self.callbacks,
        )
        self.gradients.take_epoch()
        return losses.tolist()


def measure(
    workload: Workload,
    ways: Mapping[str, Runtime],
    batches: int,
    repeats: int,
    device: torch.device = machine.CPU,
    operations: bool = True,
) -> dict[str, float]:
    """Return the seconds of an epoch in each way and by the plain port, and perhaps its GFLOP."""
    with tempfile.TemporaryDirectory() as folder:
        pair = make(workload, Path(folder) / "data", batches, device)
    twin = Twin(pair.twin, pair.task, pair.training)
    ours = {name: Ours(pair, runtime) for name, runtime in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in (PLAIN, *ways)}
    for number in range(1, repeats + 2):
        epoch = min(number, pair.training.epochs)
        order = [*pair.task.batches("train", workload.batch_size, shuffling_generator(epoch))]
        machine.prepare_fast(next(iter(ways.values())))
        took, expected = machine.timed(partial(twin.epoch, order, epoch))
        seconds[PLAIN].append(took)
        for name, way in ours.items():
            took, losses = machine.timed(partial(way.epoch, epoch))
            seconds[name].append(took)
            if number == 1:  # the warm-up; both must compute the same losses
                full = way.runtime.precision == "full"
                tolerance = TOLERANCE if full else TOLERANCE_LOW_PRECISION
                first = (torch.tensor(found[:COMPARED]) for found in (losses, expected))
                torch.testing.assert_close(*first, rtol=tolerance, atol=tolerance)
    scale = workload.batches / len(order)
    found = {name: statistics.median(took[1:]) * scale for name, took in seconds.items()}
    if operations:
        counted = Ours(pair, Runtime())
        found[OPERATIONS] = machine.count_operations(lambda: counted.epoch(1)) * scale / 1e9
    return found


def shuffling_generator(epoch: int) -> np.random.Generator:
    """Return the generator that shuffles an epoch, the same as in the loop."""
    return generator("bench", 0, "order", epoch)
