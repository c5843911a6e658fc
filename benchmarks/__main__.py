"""`make bench`: time each network and its plain port on a CPU, into metrics/bench/training.md."""

from typing import Annotated

import pandas as pd
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
limit divided by the time of *ours*. Written by `make bench`.

{table}
"""
OURS = "ours"


def main(
    batches: Annotated[
        int, typer.Option(help="Batches per epoch, at most; times are scaled.")
    ] = 60,
    repeats: Annotated[int, typer.Option(help="Timed epochs.")] = 5,
) -> None:
    """Time all networks; write training.csv and training.md."""
    threads = config.load(folder=ROOT).runtime.threads
    ours = Runtime().model_copy(update={"threads": threads, "device": "cpu"})
    rows, rate = [], 0.0
    for name, workload in WORKLOADS.items():
        machine.prepare_fast(ours)
        rate = max(rate, machine.operations_per_second() / 1e9)
        found = measure(workload, {OURS: ours}, min(batches, workload.batches), repeats)
        rows.append({"network": name, "variant": workload.variant, **found})
        console.note(f"{name}: {found[PLAIN] / found[OURS]:.2f} times faster than the plain port")
    write(pd.DataFrame(rows), rate, repeats)


def write(table: pd.DataFrame, rate: float, repeats: int) -> None:
    """Write the measured table as csv and as a page."""
    table = table.assign(gflop_per_second_at_best=rate, limit=table[OPERATIONS] / rate)
    OUT.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUT / "training.csv", index=False, float_format="%.4g")
    head = ["network", PLAIN, OURS, "times", "limit", "reached"]
    lines = [head, ["---"] * len(head)]
    for row in table.to_dict("records"):
        plain, ours, limit = row[PLAIN], row[OURS], row["limit"]
        cells = [f"{plain:.3g}", f"{ours:.3g}", f"{plain / ours:.2f}"]
        lines.append([row["network"], *cells, f"{limit:.3g}", f"{limit / ours:.0%}"])
    page = PAGE.format(
        machine=machine.describe(),
        rate=rate,
        repeats=repeats,
        table="\n".join(f"| {' | '.join(line)} |" for line in lines),
    )
    (OUT / "training.md").write_text(page, encoding="utf-8")
    console.note(f"written: {OUT / 'training.md'}")


if __name__ == "__main__":
    console.run(main)
