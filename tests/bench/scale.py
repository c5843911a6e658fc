"""`make bench-scale`: time and memory from a file to one epoch, at a tenth to ten times the size.

Of names at a hundred times, too.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from matplotlib.figure import Figure

from stages.common import cli, params
from tests.bench import machine
from tests.bench.grown import write_lyrics, write_names, write_prose
from tests.project import ROOT, Project

OUT = ROOT / "metrics/bench"
LIMIT = 2048  # MiB that no stage may need
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


@dataclass(frozen=True)
class Scaled:
    """A corpus that is made in any size, and the experiment that reads it."""

    records: int  # of the lecture's own
    write: Callable[[Path, int], None]
    dataset: str
    experiment: str
    unit: str
    factors: tuple[float, ...] = (0.1, 1, 10)


CORPORA = {
    "names": Scaled(
        315_000, write_names, "names_all", "names_gru", "names", factors=(0.1, 1, 10, 100)
    ),
    "prose": Scaled(600_893, write_prose, "nietzsche_8", "nietzsche_rnn", "characters"),
    "lyrics": Scaled(63_282, write_lyrics, "lyrics_whole", "lyrics_whole_gru", "characters"),
}


def stages(corpus: str, scaled: Scaled, records: int) -> Iterator[dict[str, Any]]:
    """Each stage on a corpus of that many records, one after another in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copied_to(Path(folder))
        shutil.copy(ROOT / "dvc.yaml", project.folder)
        (project.folder / "stages").symlink_to(ROOT / "stages")
        raw = project.folder / "corpus.txt"
        scaled.write(raw, records)
        with raw.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        experiment = f"experiments.{scaled.experiment}"
        project.edit(
            {
                f"corpora.{corpus}.url": str(raw),
                f"corpora.{corpus}.sha256": digest,
                f"{experiment}.dataset": scaled.dataset,
                f"{experiment}.training.epochs": 1,
                f"{experiment}.training.keep": "last",
                f"{experiment}.seeds": [0],
                f"{experiment}.samples": None,
                "runtime.tracking": False,
                "runtime.reproducible": "fast",
            }
        )
        for stage, name in (
            ("download", corpus),
            ("clean", corpus),
            ("encode", scaled.dataset),
            ("train", scaled.experiment),
        ):
            seconds, mebibytes = measured([sys.executable, "-m", f"stages.{stage}", name], project)
            yield {"stage": stage, "seconds": seconds, "mebibytes": mebibytes}


def measured(command: list[str], project: Project) -> tuple[float, float]:
    """Seconds that a command took, and the most memory that it held in MiB."""
    said = project.folder / "said.txt"
    begun = time.perf_counter()
    with said.open("w") as file:
        process = subprocess.Popen(
            command,
            cwd=project.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    most = 0.0
    while process.poll() is None:
        most = max(most, peak(process.pid))
        time.sleep(0.01)
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {said.read_text(encoding='utf-8')}")
    return seconds, most


def peak(pid: int) -> float:
    """MiB that a process held at most so far; what wait4 tells begins with its parent's."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def main(
    largest: Annotated[float, typer.Option(help="Leave out larger sizes.")] = 100,
    only: Annotated[str, typer.Option(help="One corpus of names, prose, lyrics.")] = "",
) -> None:
    """Measure all sizes; write scale.csv, scale.md and scale.svg after each."""
    for corpus in [only] if only else CORPORA:
        scaled = params.choose(CORPORA, corpus, "corpus")
        for factor in (factor for factor in scaled.factors if factor <= largest):
            rows, records = [], round(scaled.records * factor)
            for found in stages(corpus, scaled, records):
                rows.append({"corpus": corpus, "times": factor, "records": records, **found})
                cli.note(
                    f"{corpus}, {records:,} {scaled.unit}, {found['stage']}: "
                    f"{found['seconds']:.1f} s, {found['mebibytes']:.0f} MiB"
                )
            write(pd.DataFrame(rows))
    cli.note(f"written: {OUT / 'scale.md'}")


def write(measured: pd.DataFrame) -> None:
    """One size of a corpus in place of what stood for it; other sizes measured here stay."""
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
    order = table["corpus"].map([*CORPORA].index)
    table = table.iloc[np.lexsort((table["times"], order))].reset_index(drop=True)
    table.to_csv(OUT / "scale.csv", index=False, float_format="%.4g")
    (OUT / "scale.md").write_text(page(table), encoding="utf-8")
    draw(table).savefig(OUT / "scale.svg", metadata={"Date": None})


def page(table: pd.DataFrame) -> str:
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
        f"({most['stage']} of {most['records']:,} {CORPORA[most['corpus']].unit})."
    )
    return PAGE.format(
        machine=machine.described(),
        rows="\n".join(lines),
        verdict=verdict,
    )


def draw(table: pd.DataFrame) -> Figure:
    """A line a corpus and stage: seconds, and memory beside it with its limit."""
    colours = {stage: f"C{number}" for number, stage in enumerate(table["stage"].unique())}
    looks = dict(zip(CORPORA, ("o-", "s--", "^:"), strict=True))
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


if __name__ == "__main__":
    cli.run(main)
