"""Seconds per batch of each network, in this process: `python -m benchmarks.modes strict`."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

from benchmarks.pairs import Ours
from benchmarks.workloads import WORKLOADS, Workload, make
from recurrent.common.config import Runtime
from recurrent.training.determinism import prepare
from tests.project import ROOT

Mode = Literal["strict", "fast"]
BATCHES, REPEATS, ROUNDS = 6, 5, 2


def strict_over_fast() -> dict[str, float]:
    """Return each network's time in strict mode divided by its time in fast mode.

    The modes alternate, each in its own process.
    """
    rounds = [
        {mode: measure_in_process(mode) for mode in ("strict", "fast")} for _ in range(ROUNDS)
    ]
    return {
        network: statistics.median(one["strict"][network] / one["fast"][network] for one in rounds)
        for network in WORKLOADS
    }


def measure_in_process(mode: str) -> dict[str, float]:
    """Return the seconds of a batch of each network, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.modes", mode]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measured(mode: Mode) -> Iterator[tuple[str, float]]:
    """Yield the median seconds of a batch of each network."""
    runtime = Runtime(device="cpu", reproducible=mode)
    for name, workload in WORKLOADS.items():
        yield name, seconds(workload, runtime)


def seconds(workload: Workload, runtime: Runtime) -> float:
    """Return the median seconds of a batch, over epochs of a few batches."""
    with tempfile.TemporaryDirectory() as folder:
        pair = make(workload, Path(folder) / "data", BATCHES, prepare(runtime))
    ours, times = Ours(pair, runtime), []
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        ours.train_epoch(1)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:]) / BATCHES  # the first one is a warm-up


if __name__ == "__main__":
    print(json.dumps(dict(measured(cast(Mode, sys.argv[1])))))
