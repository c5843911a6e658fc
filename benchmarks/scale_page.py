"""What `make bench-scale` measured, as scale.csv, scale.md and scale.svg."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks import machine
from recurrent import console as cli
from tests.project import ROOT

OUT = ROOT / "metrics/bench"
LIMIT = 2048  # MiB that no stage may need
LOOKS = ("o-", "s--", "^:")  # of a corpus
PAGE = """\
# From a file to one epoch: seconds and memory by the size of the corpus

{machine}.
Made-up corpora, as large as the lectures' (*times* 1), smaller and larger; each stage is a process
of its own, its start included, and *MiB* the most memory that it held. Training is one epoch from
one seed, with `reproducible: fast`. Written by `make bench-scale`.

| corpus | times | records | stage | seconds | microseconds a record | MiB |
|---|---|---|---|---|---|---|
{rows}

{verdict}

![seconds and memory by size](scale.svg)
"""


def write(measured: pd.DataFrame, units: Mapping[str, str]) -> None:
    """One size of a corpus in place of what stood for it; other sizes measured here stay.

    `units` says what a record of each corpus is, in the order in which they are shown.
    """
    OUT.mkdir(parents=True, exist_ok=True)
    table = measured.assign(machine=machine.described())
    if (OUT / "scale.csv").exists():
        earlier = pd.read_csv(OUT / "scale.csv")
        here = earlier["machine"] == machine.described()
        if not here.all():
            other = earlier["machine"][~here].iloc[0]
            cli.note(f"left out from now on: {(~here).sum()} lines of {other}")
        again = (earlier["corpus"] == table["corpus"].iloc[0]) & np.isclose(
            earlier["times"], table["times"].iloc[0]
        )
        table = pd.concat([earlier[here & ~again], table], ignore_index=True)
    order = table["corpus"].map([*units].index)
    table = table.iloc[np.lexsort((table["times"], order))].reset_index(drop=True)
    table.to_csv(OUT / "scale.csv", index=False, float_format="%.4g")
    (OUT / "scale.md").write_text(page(table, units), encoding="utf-8")
    draw(table).savefig(OUT / "scale.svg", metadata={"Date": None})


def page(table: pd.DataFrame, units: Mapping[str, str]) -> str:
    """The table as a page, and whether it is as it should be."""
    lines = [
        f"| {row.corpus} | {row.times:g} | {row.records:,} | {row.stage} | {row.seconds:.1f} "
        f"| {1e6 * row.seconds / row.records:.1f} | {row.mebibytes:.0f} |"
        for row in table.itertuples()
    ]
    most = table.loc[table["mebibytes"].idxmax()]
    kept = "no stage needs" if most["mebibytes"] <= LIMIT else "not every stage stays below"
    verdict = (
        f"Of {LIMIT} MiB: {kept} more; the most is {most['mebibytes']:.0f} MiB "
        f"({most['stage']} of {most['records']:,} {units[most['corpus']]})."
    )
    return PAGE.format(
        machine=machine.described(),
        rows="\n".join(lines),
        verdict=verdict,
    )


def draw(table: pd.DataFrame) -> Figure:
    """A line a corpus and stage: seconds, and memory beside it with its limit."""
    colours = {stage: f"C{number}" for number, stage in enumerate(table["stage"].unique())}
    looks = {corpus: LOOKS[number] for number, corpus in enumerate(table["corpus"].unique())}
    figure = Figure(figsize=(10, 4), layout="constrained")
    of_time, of_memory = figure.subplots(1, 2)
    for axis, column, label in (
        (of_time, "seconds", "seconds"),
        (of_memory, "mebibytes", "MiB at most"),
    ):
        for (corpus, stage), lines in table.groupby(["corpus", "stage"], sort=False):
            axis.plot(
                lines["records"],
                lines[column],
                looks[str(corpus)],
                color=colours[str(stage)],
                label=f"{corpus}, {stage}",
            )
        axis.set(xscale="log", yscale="log", xlabel="records", ylabel=label)
        axis.grid(visible=True, alpha=0.3)
    of_memory.axhline(LIMIT, color="grey", linewidth=1, label="limit")
    figure.legend(*of_memory.get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return figure
