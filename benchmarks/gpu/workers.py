"""Part 5: how long the same runs take with 1, 2 and 4 processes on one GPU, and with MPS."""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu.monitor import Monitor, multi_process_service
from benchmarks.gpu.options import Found, Options, seconds_left
from benchmarks.gpu.project import project, train, unfinished
from recurrent.common.console import note
from recurrent.training.fingerprint import Run
from recurrent.training.store import RunStore

WANTED = (
    "lyrics_gru_scratch/lecture",
    "lyrics_lstm_scratch/lecture",
    "lyrics_gru/lecture",
    "lyrics_lstm/lecture",
)
SEEDS = 2
COUNTS, QUICK_COUNTS = (1, 2, 4), (2,)
NOTES = [
    "The seconds include the start of the processes. Memory is the largest increase.",
    "Several streams in one process are not measured: they need another training loop.",
]


def measure(options: Options, deadline: float) -> Found:
    """Train the same runs with each number of processes, each time into an empty store."""
    counts = QUICK_COUNTS if options.quick else COUNTS
    notes = [*NOTES]
    with project(options, WANTED, SEEDS) as here:
        rows = [timed(here.runs, options, count, deadline, notes) for count in counts]
        if options.device == "cuda":
            with (
                tempfile.TemporaryDirectory() as folder,
                multi_process_service(Path(folder)) as started,
            ):
                if started:
                    rows.append(timed(here.runs, options, max(counts), deadline, notes, mps=True))
                else:
                    notes.append("MPS could not be started here.")
        names = ", ".join(dict.fromkeys(run.variant.name for run in here.runs))
        seeds = len({run.seed for run in here.runs})
        notes.insert(0, f"The runs: {names}; seeds of each: {seeds}.")
        return {"rows": rows, "notes": notes, "corpora": here.corpora}


def timed(
    runs: list[Run],
    options: Options,
    count: int,
    deadline: float,
    notes: list[str],
    mps: bool = False,
) -> dict[str, Any]:
    """Train the runs in `count` processes; return time, utilisation and memory."""
    title = f"{count} processes{' with MPS' if mps else ''}"
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        started = time.monotonic()
        with Monitor() as seen:
            if seconds_left(deadline):
                faults = train(runs, options.runtime, count, store, deadline)
            else:
                faults = ["Not measured, because the time was used."]
        seconds = time.monotonic() - started
        done = len(runs) - len(unfinished(runs, store))
    notes += [f"{title}: {fault}" for fault in faults]
    note(f"{title}: {done} runs in {seconds:.1f} s")
    return {
        "workers": count,
        "mps": mps,
        "runs": done,
        "planned": len(runs),
        "seconds": round(seconds, 1),
        "utilisation": seen.utilisation,
        "gibibytes": seen.gibibytes,
    }
