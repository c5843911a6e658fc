"""A project folder with a small experiment on toy data, ready for the train stage."""

from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML

from recurrent.commands import jobs
from recurrent.common import config
from recurrent.common.config import Config, Runtime
from recurrent.training import parallel
from recurrent.training.fingerprint import Run
from recurrent.training.store import RunStore
from tests.training.toy import write_names, write_text

LSTM = {
    "module": "nietzsche",
    "name": "StatefulRnn",
    "settings": {"cell": "lstm", "embedding": 4, "hidden": 8},
}
PARAMS = {
    "runtime": {"device": "cpu", "threads": 1, "tracking": False},
    "source": "bundled",
    "corpora": {"c": {"kind": "text", "synthetic": {"seed": 0, "size": 10}}},
    "datasets": {
        "text": {"corpus": "c", "kind": "text"},
        "names": {"corpus": "c", "kind": "names"},
    },
    "experiments": {
        "writing": {
            "title": "a small LSTM on a small text",
            "lecture": "lyrics",
            "dataset": "text",
            "also": "text",
            "task": "next_token",
            "model": LSTM,
            "training": {"optimizer": "adam", "learning_rate": 0.02, "epochs": 3, "batch_size": 4},
            "seeds": [5, 3],
            "samples": {"prefixes": ["ab"], "length": 4, "every": 1},
            "variants": {"lstm": {}, "gru": {"model": {"settings": {"cell": "gru"}}, "seeds": [5]}},
        },
        "counting": {
            "title": "without a network",
            "lecture": "names",
            "dataset": "names",
            "also": "names",
            "task": "classify",
            "model": {"module": "baselines", "name": "NaiveBayes"},
            "training": {"method": "fit"},
            "variants": {"naive_bayes": {}},
        },
    },
}


def write_project(folder: Path) -> None:
    """Write params.yaml and the encoded data into a folder."""
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(PARAMS, file)
    write_text(folder / "data/encoded/text")
    write_names(folder / "data/encoded/names")


def edit(folder: Path, overrides: dict[str, object]) -> Config:
    """Merge overrides into its params.yaml; return the settings."""
    yaml = YAML(typ="safe")
    path = folder / "params.yaml"
    values = config.merge(yaml.load(path.read_text(encoding="utf-8")), overrides)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(values, file)
    return config.load(folder=folder)


def fill(runs: Sequence[Run], runtime: Runtime, workers: int, store: RunStore) -> None:
    """Train the runs that the store lacks."""
    training = [jobs.training_job(run, runtime, store) for run in runs]
    parallel.run_jobs(training, workers, lambda name: None)
