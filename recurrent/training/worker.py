"""Train one run into the run store. This module imports torch: import it late."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import torch

from recurrent.common import files, paths
from recurrent.common.config import Descent, Runtime, Variant
from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.tasks.base import Task, load
from recurrent.tracking.history import GRADIENTS as GRADIENT_FORMAT
from recurrent.tracking.history import HISTORY as HISTORY_FORMAT
from recurrent.tracking.history import Finding, Row, Table
from recurrent.training import store
from recurrent.training.callbacks import Callbacks
from recurrent.training.checkpoint import EVERY_S, Checkpoint
from recurrent.training.determinism import prepare
from recurrent.training.fingerprint import Run, data_digest, fingerprints
from recurrent.training.loop import METHODS
from recurrent.training.seeding import seed_torch
from recurrent.training.store import RunStore

Report = Callable[[Run, Row], None]


def ignore(run: Run, row: Row) -> None:
    """Report nothing."""


def train_run(
    run: Run,
    runtime: Runtime,
    runs: RunStore,
    report: Report = ignore,
    checkpoint_every_s: float = EVERY_S,
) -> None:
    """Train a run, from its checkpoint if it has one; do nothing if it is finished."""
    started = time.monotonic()
    with runs.filling(run.fingerprint, f"run {run}") as folder:
        if runs.finished(run.fingerprint):  # by the process that this one waited for
            return
        device = prepare(runtime)
        try:
            train_into(folder, run, runtime, device, report, checkpoint_every_s)
        except PipelineError as fault:
            if fault.where != run.variant.experiment:
                raise
            raise PipelineError(fault.what, where=str(run), remedy=fault.remedy) from fault
        variant = run.variant
        runs.finish(
            run.fingerprint,
            {
                "experiment": variant.experiment,
                "variant": variant.variant,
                "seed": run.seed,
                "device": device.type,
                "seconds": round(time.monotonic() - started, 3),
            },
        )


def train_into(
    folder: Path,
    run: Run,
    runtime: Runtime,
    device: torch.device,
    report: Report,
    checkpoint_every_s: float,
) -> None:
    """Train a run, and write its files into its folder of the store."""
    variant = run.variant
    encoded = paths.encoded(variant.dataset)
    task = load(variant.task)(encoded, device)
    refuse_contradictions(variant, task)
    spec = {**variant.model.model_dump(), "inputs": task.inputs, "outputs": task.outputs}
    seed_torch(variant.experiment, run.seed, "weights")
    model = base.build(spec).to(device)
    if fingerprints(variant, runtime, data_digest(encoded))[run.seed] != run.fingerprint:
        raise PipelineError(
            "its data or code changed after the run was planned.",
            where=str(run),
            remedy="Start again: the run is planned anew.",
        )
    findings: list[Finding] = []
    with ExitStack() as tables:
        history = tables.enter_context(Table(folder / store.HISTORY, HISTORY_FORMAT))
        gradients = tables.enter_context(Table(folder / store.GRADIENTS, GRADIENT_FORMAT))

        def epoch(row: Row) -> None:
            history.append(row)
            report(run, row)

        def norms(rows: list[Row]) -> None:
            for row in rows:
                gradients.append(row)

        def found(all_so_far: list[Finding]) -> None:
            findings[:] = all_so_far

        callbacks = Callbacks(
            name=variant.experiment,
            seed=run.seed,
            checkpoint=Checkpoint(folder / store.CHECKPOINT, checkpoint_every_s),
            epoch=epoch,
            gradients=norms,
            findings=found,
            samples=variant.samples,
        )
        method = METHODS[variant.training.method]
        written = method(model, task, variant.training, callbacks, runtime)
    base.save(model, folder / store.WEIGHTS)
    files.write_json(folder / store.MODEL, {**model.spec(), "about": task.about})
    files.write_json(folder / store.SAMPLES, written)
    files.write_json(folder / store.FINDINGS, [vars(finding) for finding in findings])


def refuse_contradictions(variant: Variant, task: Task) -> None:
    """Refuse settings that do not fit the encoded data."""
    where = f"experiments.{variant.experiment}"
    training = variant.training
    best = isinstance(training, Descent) and training.keep == "best"
    if best and not task.batches("valid", 1):
        raise PipelineError(
            "keep: best needs validation records, and its dataset has none.",
            where=f"{where}.training",
            remedy="Set `valid` in the dataset's settings, or `keep: last`.",
        )
    # During training, prefixes are read as characters, but a model of words reads symbols.
    every = variant.samples is not None and variant.samples.every is not None
    if every and (paths.encoded(variant.dataset) / "words.json").exists():
        raise PipelineError(
            "`every` needs a dataset of characters, and this one has words.",
            where=f"{where}.samples",
            remedy="Remove `every`: the model generates text after training.",
        )
