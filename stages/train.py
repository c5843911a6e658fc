"""Stage: train every variant and seed of one experiment, or collect them from the run store."""

from pathlib import Path
from typing import Annotated

import typer

from recurrent.common import config, console
from recurrent.common.locking import leave_if_abandoned, locked
from recurrent.tracking.history import Row
from recurrent.training.collect import collect, note_findings
from recurrent.training.fingerprint import Run, plan
from recurrent.training.interrupt import finish_epoch_on_interrupt, stop_if_requested
from recurrent.training.store import RunStore


def main(
    experiment: str,
    pipeline: Annotated[str, typer.Option(help="lectures or beyond")] = "lectures",
) -> None:
    """Train what the run store lacks, then write data/models and data/runs of the experiment."""
    settings = config.load(pipeline)
    config.choose(settings.experiments, experiment, "experiment")
    # A killed `dvc repro` may have left a process that still writes these files.
    with locked(f"experiment {experiment}", Path(".dvc/tmp") / f"train-{experiment}.lock"):
        leave_if_abandoned()
        runs, store = plan(settings, experiment), RunStore()
        missing = [run for run in runs if not store.finished(run.fingerprint)]
        for run in missing:
            train(run, settings, store)
        collect(runs, settings.results, store)
        console.note(f"{experiment}: {len(runs)} runs, {len(missing)} of them trained here")


def train(run: Run, settings: config.Config, store: RunStore) -> None:
    """Train one run in this process, and print its progress every ten seconds."""
    from recurrent.training.worker import train_run  # imports torch

    finish_epoch_on_interrupt()

    with console.Progress(str(run), run.variant.training.epochs) as progress:

        def report(run: Run, row: Row) -> None:
            leave_if_abandoned()
            stop_if_requested()
            shown = ("train_loss", "valid_loss", "valid_accuracy")
            numbers = (f"{name} {row[name]:.4g}" for name in shown if name in row)
            progress.step(f"epoch {row['epoch']:.0f}, {', '.join(numbers)}")

        train_run(run, settings.runtime, store, report)
    note_findings(run, store)


if __name__ == "__main__":
    console.run(main)
