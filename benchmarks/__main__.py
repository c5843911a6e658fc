"""`make bench`, `make bench-gpu`: time each network and its plain port, into metrics/bench/."""

from typing import Annotated

import pandas as pd
import torch
import typer

from benchmarks import machine
from benchmarks.pairs import OPERATIONS, PLAIN, measure
from benchmarks.workloads import WORKLOADS
from recurrent.common import config, console
from recurrent.common.config import Runtime
from tests.project import ROOT

OUT = ROOT / "metrics/bench"
PAGE = """\
# Seconds per epoch: this project's training and a plain port

{machine}.
A large matrix product runs at {rate:,.0f} GFLOP/s: the best median of nine, measured before each
network, because other processes may use the machine. Times are medians of {repeats} epochs, taken
in turn in one process, on random data with the lecture's shapes. *times*: how many times faster
than the plain port. *limit*: the time of the matrix products alone at that rate. *reached*: the
limit divided by the time of *{first}*. Written by `make {command}`.

{table}
"""
ON_CPU = {"ours": Runtime()}
ON_GPU = {
    "kernels": Runtime(),
    "graphs": Runtime(graphs=True),
    "tf32": Runtime(graphs=True, precision="tf32", reproducible="fast"),
    "bf16": Runtime(graphs=True, precision="bf16", reproducible="fast"),
}


def main(
    device: Annotated[str, typer.Option(help="cpu | cuda")] = "cpu",
    batches: Annotated[
        int, typer.Option(help="Batches per epoch, at most; times are scaled.")
    ] = 60,
    repeats: Annotated[int, typer.Option(help="Timed epochs.")] = 5,
) -> None:
    """Time all networks; write training.csv and training.md, or gpu.csv and gpu.md."""
    threads = config.load(folder=ROOT).runtime.threads
    where = torch.device(device)
    ways = {
        name: way.model_copy(update={"threads": threads, "device": device})
        for name, way in (ON_CPU if device == "cpu" else ON_GPU).items()
    }
    rows, rate = [], 0.0
    for name, workload in WORKLOADS.items():
        machine.settle(next(iter(ways.values())))
        rate = max(rate, machine.rate(where) / 1e9)
        found = measure(workload, ways, min(batches, workload.batches), repeats, where)
        rows.append({"network": name, "variant": workload.variant, **found})
        best = min(found[way] for way in ways)
        console.note(f"{name}: {found[PLAIN] / best:.2f} times faster than the plain port")
    write(pd.DataFrame(rows), rate, [*ways], repeats, where)


def write(
    table: pd.DataFrame, rate: float, ways: list[str], repeats: int, where: torch.device
) -> None:
    """Write the measured table as csv and as a page."""
    table = table.assign(gflop_per_second_at_best=rate, limit=table[OPERATIONS] / rate)
    name = "training" if where.type == "cpu" else "gpu"
    OUT.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUT / f"{name}.csv", index=False, float_format="%.4g")
    head = ["network", PLAIN, *f"{' times '.join(ways)} times".split(), "limit", "reached"]
    lines = [head, ["---"] * len(head)]
    for row in table.to_dict("records"):
        line = [row["network"], f"{row[PLAIN]:.3g}"]
        for way in ways:
            line += [f"{row[way]:.3g}", f"{row[PLAIN] / row[way]:.2f}"]
        lines.append([*line, f"{row['limit']:.3g}", f"{row['limit'] / row[ways[0]]:.0%}"])
    page = PAGE.format(
        machine=machine.described(where),
        rate=rate,
        repeats=repeats,
        first=ways[0],
        command="bench" if where.type == "cpu" else "bench-gpu",
        table="\n".join(f"| {' | '.join(line)} |" for line in lines),
    )
    (OUT / f"{name}.md").write_text(page, encoding="utf-8")
    console.note(f"written: {OUT / name}.md")


if __name__ == "__main__":
    console.run(main)
