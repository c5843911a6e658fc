"""Part 2: seconds per epoch of each network: a plain port, ours, and ours with CUDA graphs."""

import pandas as pd
import torch

from benchmarks import machine
from benchmarks.gpu.options import Found, Options, seconds_left
from benchmarks.pairs import measure as measure_pair
from benchmarks.workloads import WORKLOADS
from recurrent.common import console
from recurrent.common.config import Runtime
from tests.project import ROOT

WAYS = {
    "eager": Runtime(reproducible="fast", graphs=False),
    "graphs": Runtime(reproducible="fast", graphs=True),
    "tf32": Runtime(reproducible="fast", graphs=True, precision="tf32"),
    "bf16": Runtime(reproducible="fast", graphs=True, precision="bf16"),
}
ON_CPU = ("eager", "graphs")  # a CPU has neither graphs nor these precisions: the same twice
BATCHES, REPEATS = 30, 3
QUICK = ("Char3", "nn.LSTM")
CPU_TIMES = ROOT / "metrics/bench/training.csv"


def measure(options: Options, deadline: float) -> Found:
    """Time every network in every way, until the time is used."""
    device = torch.device(options.device)
    ways = {
        name: way.model_copy(update={"device": options.device})
        for name, way in WAYS.items()
        if device.type == "cuda" or name in ON_CPU
    }
    batches, repeats = (2, 1) if options.quick else (BATCHES, REPEATS)
    on_cpu = pd.read_csv(CPU_TIMES).set_index("network")["ours"].to_dict()
    rows, missing = [], []
    notes = [f"Times of {batches} batches or fewer, scaled to an epoch; medians of {repeats}."]
    for name in QUICK if options.quick else WORKLOADS:
        if not seconds_left(deadline):
            missing.append(name)
            continue
        workload = WORKLOADS[name]
        machine.prepare_fast(ways["eager"])
        count = min(batches, workload.batches)
        try:
            found = measure_pair(workload, ways, count, repeats, device, operations=False)
        except AssertionError as fault:  # times of different computations cannot be compared
            why = " ".join(str(fault).split())
            notes.append(f"{name}: its losses are not the plain port's: {why}")
            continue
        rows.append(
            {"network": name, **{way: four_digits(time) for way, time in found.items()}}
            | ({"cpu": on_cpu[name]} if name in on_cpu else {})
        )
        console.note(f"{name}: {found['graphs']:.3g} s with graphs, {found['eager']:.3g} without")
    if missing:
        notes.append(f"Not measured, because the time was used: {', '.join(missing)}.")
    return {"rows": rows, "notes": notes}


def four_digits(value: float) -> float:
    """Round a number to four significant digits."""
    return float(f"{value:.4g}")
