"""The results of `make bench-scale`, as scale.csv, scale.md and scale.svg."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks import machine
from recurrent.common import console
from tests.project import ROOT

OUT = ROOT / "metrics/bench"
LIMIT = 2048  # MiB that no stage may exceed
STYLES = ("o-", "s--", "^:")  # one for each corpus
PAGE = """\
# Time and memory by the size of the corpus

{machine}.
Generated corpora, from a tenth of the lectures' size (*times* 0.1) upwards. Each stage runs in a
process of its own, and its start is included. *MiB* is the largest memory of that process. The
train stage trains one epoch from one seed with `reproducible: fast`. Written by `make bench-scale`.

| corpus | times | records | stage | seconds | microseconds per record | MiB |
|---|--:|--:|---|--:|--:|--:|
{rows}

{verdict}

![seconds and memory by size](scale.svg)
"""


def write(measured: pd.DataFrame, units: Mapping[str, str]) -> None:
    """Replace the rows of one size of a corpus; keep other sizes measured on this machine.

    `units` names the records of each corpus, in the order of the page.
    """
    OUT.mkdir(parents=True, exist_ok=True)
    table = measured.assign(machine=machine.describe())
    if (OUT / "scale.csv").exists():
        earlier = pd.read_csv(OUT / "scale.csv")
        here = earlier["machine"] == machine.describe()
        if not here.all():
            other = earlier["machine"][~here].iloc[0]
            console.note(f"removed {(~here).sum()} rows measured on another machine: {other}")
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
    """Return the table as a page that says whether memory stays within the limit."""
    rows = table.to_dict("records")
    lines = [
        f"| {row['corpus']} | {row['times']:g} | {row['records']:,} | {row['stage']} "
        f"| {row['seconds']:.1f} | {1e6 * row['seconds'] / row['records']:.1f} "
        f"| {row['mebibytes']:.0f} |"
        for row in rows
    ]
    most = max(rows, key=lambda row: float(row["mebibytes"]))
    within = "No stage needs" if most["mebibytes"] <= LIMIT else "At least one stage needs"
    verdict = (
        f"{within} more than {LIMIT:,} MiB. The largest is {most['mebibytes']:,.0f} MiB: "
        f"{most['stage']}, {most['records']:,} {units[most['corpus']]}."
    )
    return PAGE.format(machine=machine.describe(), rows="\n".join(lines), verdict=verdict)


def draw(table: pd.DataFrame) -> Figure:
    """Draw seconds, and memory with its limit: a line for each corpus and stage."""
    colours = {stage: f"C{number}" for number, stage in enumerate(table["stage"].unique())}
    styles = {corpus: STYLES[number] for number, corpus in enumerate(table["corpus"].unique())}
    figure = Figure(figsize=(10, 4), layout="constrained")
    of_time, of_memory = figure.subplots(1, 2)
    for axis, column, label in (
        (of_time, "seconds", "seconds"),
        (of_memory, "mebibytes", "largest memory (MiB)"),
    ):
        for (corpus, stage), lines in table.groupby(["corpus", "stage"], sort=False):
            axis.plot(
                lines["records"],
                lines[column],
                styles[str(corpus)],
                color=colours[str(stage)],
                label=f"{corpus}, {stage}",
            )
        axis.set(xscale="log", yscale="log", xlabel="records", ylabel=label)
        axis.grid(visible=True, alpha=0.3)
    of_memory.axhline(LIMIT, color="grey", linewidth=1, label="limit")
    figure.legend(*of_memory.get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return figure
