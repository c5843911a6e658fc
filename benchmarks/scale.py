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

import pandas as pd
import typer

from benchmarks import scale_page
from benchmarks.grown import write_lyrics, write_names, write_prose
from recurrent import config as params
from recurrent import console as cli
from tests.project import ROOT, Project


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
    units = {corpus: scaled.unit for corpus, scaled in CORPORA.items()}
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
            scale_page.write(pd.DataFrame(rows), units)
    cli.note(f"written: {scale_page.OUT / 'scale.md'}")


if __name__ == "__main__":
    cli.run(main)
