"""`make bench-scale`: time and memory from a raw file to one epoch, by the size of the corpus."""

import hashlib
import os
import re
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
from benchmarks.generated import write_lyrics, write_names, write_prose
from recurrent.common import config, console
from tests.project import ROOT, Project

EXPERIMENT = "scaled"  # the experiment that is added to params.yaml


@dataclass(frozen=True)
class Scaled:
    """A corpus that is generated in any size, and what is trained on it."""

    records: int  # of the lecture's corpus
    write: Callable[[Path, int], None]
    dataset: str
    trained: str  # experiment/variant
    unit: str
    factors: tuple[float, ...] = (0.1, 1, 10)


CORPORA = {
    "names": Scaled(
        315_000, write_names, "names_all", "names_gated/gru", "names", factors=(0.1, 1, 10, 100)
    ),
    "prose": Scaled(600_893, write_prose, "nietzsche_8", "nietzsche_rnn/lecture", "characters"),
    "lyrics": Scaled(63_282, write_lyrics, "lyrics_whole", "lyrics_gru/lecture", "characters"),
}


def main(
    largest: Annotated[float, typer.Option(help="Leave out larger sizes.")] = 100,
    only: Annotated[str, typer.Option(help="One corpus: names, prose or lyrics.")] = "",
) -> None:
    """Measure all sizes; write scale.csv, scale.md and scale.svg after each."""
    units = {corpus: scaled.unit for corpus, scaled in CORPORA.items()}
    for corpus in [only] if only else CORPORA:
        scaled = config.choose(CORPORA, corpus, "corpus")
        for factor in (factor for factor in scaled.factors if factor <= largest):
            rows, records = [], round(scaled.records * factor)
            for found in stages(corpus, scaled, records):
                rows.append({"corpus": corpus, "times": factor, "records": records, **found})
                console.note(
                    f"{corpus}, {records:,} {scaled.unit}, {found['stage']}: "
                    f"{found['seconds']:.1f} s, {found['mebibytes']:.0f} MiB"
                )
            scale_page.write(pd.DataFrame(rows), units)
    console.note(f"written: {scale_page.OUT / 'scale.md'}")


def stages(corpus: str, scaled: Scaled, records: int) -> Iterator[dict[str, Any]]:
    """Run each stage on a corpus of that size, in a folder of its own; yield time and memory."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.copied_to(Path(folder))
        raw = project.folder / "corpus.txt"
        scaled.write(raw, records)
        with raw.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        project.edit(
            {
                f"corpora.{corpus}.own": {"url": str(raw), "sha256": digest},
                f"experiments.{EXPERIMENT}": one_epoch(scaled),
                "runtime.reproducible": "fast",
            }
        )
        for stage, name in (
            ("download", corpus),
            ("clean", corpus),
            ("encode", scaled.dataset),
            ("train", EXPERIMENT),
        ):
            command = [sys.executable, "-m", f"stages.{stage}", name]
            seconds, mebibytes = measure(command, project.folder)
            yield {"stage": stage, "seconds": seconds, "mebibytes": mebibytes}


def one_epoch(scaled: Scaled) -> dict[str, Any]:
    """Return an experiment of params.yaml with one variant, one seed and one epoch."""
    name, _, variant = scaled.trained.partition("/")
    experiment = config.read_yaml(ROOT / "params.yaml")["experiments"][name]
    return {
        **experiment,
        "dataset": scaled.dataset,
        "also": scaled.dataset,
        "training": {**experiment["training"], "epochs": 1, "keep": "last"},
        "seeds": [0],
        "samples": None,
        "variants": {variant: experiment["variants"][variant]},
    }


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """Return the seconds that a command takes, and its largest memory in MiB."""
    with (folder / "log.txt").open("w+", encoding="utf-8") as log:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        largest = 0.0
        while process.poll() is None:
            largest = max(largest, peak_memory(process.pid))
            time.sleep(0.01)
        seconds = time.perf_counter() - start
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {log.read()}")
    return seconds, largest


def peak_memory(pid: int) -> float:
    """Return the MiB that a process has held at most so far.

    `wait4` would count the memory that its parent held when it was forked.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    console.run(main)
