"""`python -m benchmarks.gpu`: measure training on a GPU, in parts, into metrics/bench/gpu.md."""

import datetime
import subprocess
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.gpu import page
from benchmarks.gpu.options import Found, Options
from recurrent.common import config, console, files
from recurrent.common.errors import PipelineError
from tests.project import ROOT

# The share of the time that a part may use; what it leaves goes to the later parts.
SHARES = {"tests": 0.18, "epochs": 0.17, "training": 0.46, "agreement": 0.01, "workers": 0.18}
Measure = Callable[[Options, float], Found]


def main(
    parts: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(SHARES)}; all if none is given.")
    ] = None,
    device: Annotated[str, typer.Option(help="cuda | cpu")] = "cuda",
    quick: Annotated[bool, typer.Option("--quick", help="Tiny sizes, to test the script.")] = False,
    minutes: Annotated[float, typer.Option(help="Start nothing new after so long.")] = 8.0,
    jobs: Annotated[int | None, typer.Option(help="Training processes of `training`.")] = None,
    store: Annotated[Path | None, typer.Option(help="Keep runs in this folder.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = ROOT / "metrics/bench",
) -> None:
    """Measure each part, and write the page again after each."""
    chosen = parts or [*SHARES]
    shares = [config.choose(SHARES, part, "part") for part in chosen]
    machine = describe(device)
    options = Options(device, quick, jobs, store, out.absolute())
    end = time.monotonic() + 60 * minutes
    failed = []
    for number, part in enumerate(chosen):
        started = time.monotonic()
        deadline = started + max(0.0, end - started) * shares[number] / sum(shares[number:])
        console.note(f"{part}: at most {deadline - started:.0f} s")
        measure: Measure = import_module(f"benchmarks.gpu.{part}").measure
        try:
            found = measure(options, deadline)
        except Exception as fault:  # the other parts may still work
            failed.append(part)
            found = {"rows": [], "notes": [f"Failed: {' '.join(str(fault).split())}"]}
        about = {"date": f"{datetime.date.today()}", "machine": machine, "version": version()}
        files.write_json(options.data(part), {**about, "quick": quick, **found})
        console.note(f"{part}: {time.monotonic() - started:.0f} s; {page.write(options.out)}")
    if failed:
        raise PipelineError(f"these parts failed: {', '.join(failed)}.", where=str(options.out))


def describe(device: str) -> str:
    """Return the machine and its libraries; refuse a device that PyTorch lacks."""
    import torch

    from benchmarks import machine

    if device not in ("cuda", "cpu"):
        raise PipelineError(f"must be cuda or cpu, got {device}.", where="--device")
    if device == "cuda" and not torch.cuda.is_available():
        raise PipelineError(
            "PyTorch sees no CUDA device.",
            where="--device cuda",
            remedy="Fix the driver (nvidia-smi), or try the script with --device cpu --quick.",
        )
    return machine.describe(torch.device(device))


def version() -> str:
    """Return which version of this project is measured, if it is a git clone."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return "version unknown"
    return f"version {done.stdout.strip()}" if done.returncode == 0 else "version unknown"


if __name__ == "__main__":
    console.run(main)
