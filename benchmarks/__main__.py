"""`make bench`, `make bench-gpu`: each workload's training beside a plain twin, metrics/bench/."""

from typing import Annotated

import pandas as pd
import torch
import typer

from benchmarks import machine
from benchmarks.pairs import OPERATIONS, PLAIN, measure
from benchmarks.workloads import WORKLOADS
from recurrent import config as params
from recurrent import console as cli
from recurrent.config import Runtime
from tests.project import ROOT

OUT = ROOT / "metrics/bench"
PAGE = """\
# Seconds an epoch: this project's training beside a plain twin

{machine}.
A large product of matrices runs at {rate:,.0f} GFLOP/s (the best median of nine, measured before
each network: others may use the machine). Medians of {repeats} epochs, taken in turn in one
process, on random data of the lecture's shapes. *limit*: what the products of matrices alone would
take at that rate, and how near to it *{first}* comes; *times*: how much faster than the plain twin.
Written by `make {command}`.

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
    batches: Annotated[int, typer.Option(help="An epoch's, at most; times are scaled.")] = 60,
    repeats: Annotated[int, typer.Option(help="Timed epochs of each.")] = 5,
) -> None:
    """Time all workloads; write training.csv and training.md, or gpu.csv and gpu.md."""
    threads = params.load(ROOT / "params.yaml").runtime.threads
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
        rows.append({"network": name, "experiment": workload.experiment, **found})
        best = min(found[way] for way in ways)
        cli.note(f"{name}: {found[PLAIN] / best:.2f} times faster than the plain twin")
    write(pd.DataFrame(rows), rate, [*ways], repeats, where)


def write(
    table: pd.DataFrame, rate: float, ways: list[str], repeats: int, where: torch.device
) -> None:
    """The table as it was measured, and as a page."""
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
    cli.note(f"written: {OUT / name}.md")


if __name__ == "__main__":
    cli.run(main)
