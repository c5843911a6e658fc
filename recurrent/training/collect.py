"""Copy finished runs from the store into the outputs of a train stage. This needs no torch."""

import shutil
from collections.abc import Sequence
from itertools import groupby

from recurrent.common import files, paths
from recurrent.common.console import note
from recurrent.tracking.history import (
    Finding,
    read_table,
    write_findings,
    write_gradients,
    write_history,
)
from recurrent.training import store
from recurrent.training.fingerprint import Run
from recurrent.training.store import RunStore


def collect(runs: Sequence[Run], results: paths.Results, runs_store: RunStore) -> None:
    """Write data/models/<experiment> and data/runs/<experiment> from the runs of an experiment."""
    experiment = runs[0].variant.experiment
    for folder in (results.model(experiment, "x").parent, results.run(experiment)):
        shutil.rmtree(folder, ignore_errors=True)
    place = {run.fingerprint: runs_store.place(run.fingerprint) for run in runs}
    write_history(
        results.history(experiment),
        [
            (run.variant.variant, run.seed, read_table(place[run.fingerprint] / store.HISTORY))
            for run in runs
        ],
    )
    # Evaluation and report read these settings; as an output they re-run when one changes.
    about = {
        run.variant.variant: run.variant.model_dump(
            mode="json", include={"title", "lecture", "samples"}
        )
        for run in runs
    }
    files.write_json(results.run(experiment) / "settings.json", about)
    for variant, of in groupby(runs, key=lambda run: run.variant.variant):
        same = [*of]
        folders = {run.seed: place[run.fingerprint] for run in same}
        out = results.model(experiment, variant)
        out.mkdir(parents=True)
        for seed, folder in folders.items():
            shutil.copyfile(folder / store.WEIGHTS, results.weights(experiment, variant, seed))
        spec = files.read_json(folders[same[0].seed] / store.MODEL)
        files.write_json(out / "spec.json", {**spec, "seeds": [*folders]})
        write_gradients(
            results.gradients(experiment, variant),
            [(seed, read_table(folder / store.GRADIENTS)) for seed, folder in folders.items()],
        )
        findings = {
            seed: [Finding(**finding) for finding in files.read_json(folder / store.FINDINGS)]
            for seed, folder in folders.items()
        }
        write_findings(results.findings(experiment, variant), findings)
        samples = {
            seed: files.read_json(folder / store.SAMPLES) for seed, folder in folders.items()
        }
        files.write_json(results.written(experiment, variant), samples)


def note_findings(run: Run, runs_store: RunStore) -> None:
    """Print what a finished run found in its gradients."""
    for finding in files.read_json(runs_store.place(run.fingerprint) / store.FINDINGS):
        note(f"warning: {run}: {Finding(**finding)}")
