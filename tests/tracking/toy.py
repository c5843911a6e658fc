"""A trained and evaluated variant: two seeds, three epochs, a few recorded gradient norms."""

from pathlib import Path
from typing import Any

from recurrent.common import files
from recurrent.common.config import Dataset, Variant
from recurrent.common.paths import Results
from recurrent.tracking import history
from recurrent.tracking.experiments import TrackedExperiment
from recurrent.tracking.history import Finding, Row
from recurrent.tracking.runs import TrackedData, TrackedRun

SEEDS, EPOCHS = (0, 1), 3
STEPS: list[Row] = [
    {"epoch": 1, "step": 1, "total": 5.0, "W_hh": 4.0},
    {"epoch": 3, "step": 51, "total": 0.0021, "W_hh": 2e-9},
]
EXPLODED = Finding("exploding", 2, 812, "W_hh", 3.2e4, times=7)
EXPERIMENT = TrackedExperiment(
    "nietzsche", "RNNs from scratch", "About it", ("test/loss",), ("train/loss",)
)
EVALUATION: dict[str, Any] = {
    "origin": {"source": "bundled", "name": "prose"},
    "split": "test",
    "mean": {"loss": 1.5, "perplexity": 4.48},
    "sd": {"loss": 0.1, "perplexity": None},
    "ensemble": {"loss": 1.4},
    "bayes": None,
}
DATASET = Dataset.model_validate(
    {"corpus": "prose", "kind": "text", "settings": {"window": 8, "split": {"valid": 0.1}}}
)


def rows(seed: int, epochs: int = EPOCHS) -> list[Row]:
    return [{"epoch": n, "train_loss": seed + 1 / n} for n in range(1, epochs + 1)]


def variant(name: str = "lecture", **changes: object) -> Variant:
    experiment, training = "toy", {"method": "descent", "optimizer": "adam"}
    values = {
        "experiment": experiment,
        "variant": name,
        "lecture": "nietzsche",
        "title": "A toy",
        "dataset": "nietzsche_8",
        "task": "next_token",
        "model": {"module": "nietzsche", "name": "CharRnn", "settings": {"hidden": 8}},
        "training": {**training, "learning_rate": 0.1, "epochs": 3, "batch_size": 4},
        "seeds": [*SEEDS],
    }
    return Variant.model_validate({**values, **changes})


def trained(
    folder: Path, name: str = "lecture", fingerprint: str = "f" * 64, epochs: int = EPOCHS
) -> TrackedRun:
    """Write the files of a variant into `folder`."""
    run = run_in(folder, name, fingerprint)
    key, results = (run.variant.experiment, run.variant.variant), run.results
    history.write_history(
        results.history("toy"),
        [
            (other, seed, rows(seed, epochs))
            for other in dict.fromkeys((name, "another"))
            for seed in SEEDS
        ],
    )
    history.write_gradients(results.gradients(*key), [(0, STEPS)])
    history.write_findings(results.findings(*key), {1: [EXPLODED]})
    files.write_json(results.evaluation(*key), EVALUATION)
    files.write_json(results.samples(*key), {"samples": []})
    about = {"vocabulary": "abc", "window": 8, "stateful": False}
    spec = {"module": "nietzsche", "name": "CharRnn", "seeds": SEEDS, "about": about}
    files.write_json(results.model(*key) / "spec.json", spec)
    files.write_bytes(results.weights(*key, seed=0), b"weights")
    return run


def run_in(folder: Path, name: str = "lecture", fingerprint: str = "f" * 64) -> TrackedRun:
    """The record of the files that `trained` wrote."""
    results = Results(folder / "metrics", folder / "data")
    return TrackedRun(
        variant(name),
        f"a toy, {name}",
        EXPERIMENT,
        DATASET,
        TrackedData("nietzsche_8", f"{'d' * 32}.dir", {"train": 90, "test": 10}),
        fingerprint,
        "cpu",
        results,
        seconds=2.5,
    )
