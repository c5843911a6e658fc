"""`make bench`: every workload's training here and as its plain twin, into metrics/bench/."""

import statistics
import tempfile
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer

from stages.common import cli, params
from stages.training.gradients import Gradients
from stages.training.loop import OPTIMIZERS, one_epoch, rate_at
from stages.training.seeding import generator
from stages.training.watch import Watch
from tests.bench import machine
from tests.bench.twin import Twin, settle
from tests.bench.workloads import WORKLOADS, Ready, Workload, ready
from tests.project import ROOT

OUT = ROOT / "metrics/bench"
SAME = 2e-3  # by how much the losses of the first epoch may differ: rounding, grown by training
PAGE = """\
# Seconds an epoch: this project's training beside a plain twin

{machine}; a large product of matrices runs at {rate:.0f} GFLOP/s. Medians of {repeats} epochs, the
two alternating in one process, on random data of the lecture's shapes. *limit*: what the products
of matrices alone would take at that rate. Written by `make bench`.

| network | plain | ours | times faster | limit | ours reaches |
|---|---|---|---|---|---|
{rows}
"""


class Ours:
    """The pipeline's own loop on one workload."""

    def __init__(self, made: Ready) -> None:
        self.made = made
        training = made.training
        self.optimizer = OPTIMIZERS[training.optimizer](
            made.ours.parameters(), lr=rate_at(training, 0), weight_decay=training.weight_decay
        )
        self.gradients = Gradients(made.ours, training)
        self.watch = Watch("bench", 0, None, lambda *_: None)  # type: ignore[arg-type]

    def epoch(self, number: int) -> list[float]:
        """Each batch's loss."""
        made = self.made
        losses, _ = one_epoch(
            made.ours, made.task, made.training, self.optimizer, self.gradients, number, self.watch
        )
        self.gradients.of_epoch()
        return losses.tolist()


def measure(workload: Workload, batches: int, repeats: int) -> dict[str, float]:
    """Both trainings, epoch by epoch in turn: seconds of the lecture's epoch, and operations."""
    with tempfile.TemporaryDirectory() as folder:
        made = ready(workload, Path(folder) / "data", batches)
    ours, twin = Ours(made), Twin(made.twin, made.task, made.training)
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(1, repeats + 2):
        epoch = min(number, made.training.epochs)
        order = made.task.batches(
            "train", made.training.batch, generator("bench", 0, "order", epoch)
        )
        mine, my_losses = machine.timed(lambda epoch=epoch: ours.epoch(epoch))
        theirs, their_losses = machine.timed(
            lambda order=order, epoch=epoch: twin.epoch([*order], epoch)
        )
        if number == 1:  # it warms up, and it must compute the same
            torch.testing.assert_close(
                torch.tensor(my_losses), torch.tensor(their_losses), rtol=SAME, atol=SAME
            )
            continue
        seconds["ours"].append(mine)
        seconds["plain"].append(theirs)
    scale = workload.batches / len(order)
    operations = machine.operations(lambda: ours.epoch(1))
    return {
        **{name: statistics.median(values) * scale for name, values in seconds.items()},
        "gflop": operations * scale / 1e9,
    }


def main(
    batches: Annotated[int, typer.Option(help="An epoch's, at most; times are scaled.")] = 60,
    repeats: Annotated[int, typer.Option(help="Timed epochs of each.")] = 5,
) -> None:
    """Time all workloads; write training.csv and training.md."""
    settle(params.load(ROOT / "params.yaml").runtime.threads)
    rows = []
    for name, workload in WORKLOADS.items():
        rate = machine.rate() / 1e9
        found = measure(workload, min(batches, workload.batches), repeats)
        limit = found["gflop"] / rate
        rows.append(
            {
                "network": name,
                "experiment": workload.experiment,
                **found,
                "ratio": found["plain"] / found["ours"],
                "gflop_per_second_at_best": rate,
                "limit": limit,
                "reached": limit / found["ours"],
            }
        )
        cli.note(f"{name}: {rows[-1]['ratio']:.2f} times faster than the plain twin")
    table = pd.DataFrame(rows)
    OUT.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUT / "training.csv", index=False, float_format="%.4g")
    lines = "\n".join(
        f"| {row.network} | {row.plain:.3g} | {row.ours:.3g} | {row.ratio:.2f} "
        f"| {row.limit:.3g} | {row.reached:.0%} |"
        for row in table.itertuples()
    )
    page = PAGE.format(
        machine=machine.described(),
        rate=table["gflop_per_second_at_best"].median(),
        repeats=repeats,
        rows=lines,
    )
    (OUT / "training.md").write_text(page, encoding="utf-8")
    cli.note(f"written: {OUT / 'training.md'}")


if __name__ == "__main__":
    cli.run(main)
