"""A small experiment as its trainings leave it, and what is measured of it."""

from pathlib import Path
from typing import Any, Protocol

from recurrent import config as params
from recurrent import files, paths
from recurrent.config import Runtime
from recurrent.evaluation.measured import Measured
from recurrent.config import Samples
from recurrent.models import base as contract
from recurrent.tasks.base import Task, load
from recurrent.training.determinism import prepare
from recurrent.training.seeding import seed_torch
from stages import evaluate
from tests.project import ROOT

REAL = params.load(ROOT / "params.yaml")
HERE = Runtime(device="cpu", threads=1, tracking=False)
IN_VIEW = "loss_with_the_answer_in_view"
ONE_WAY: dict[str, Any] = {
    "module": "stacked",
    "name": "Stacked",
    "settings": {"cell": "gru", "hidden": 8},
}
BOTH_WAYS = {**ONE_WAY, "settings": {**ONE_WAY["settings"], "bidirectional": True}}


class Saved(Protocol):
    """What encoders leave."""

    def save(self, folder: Path) -> None: ...


def trained(
    data: Saved, spec: dict[str, Any], asked: str = "next_character", seeds: int = 2
) -> tuple[Task, list[contract.Model]]:
    """The dataset and the models of an experiment: `small`, from some seeds."""
    folder, dataset = paths.model("small"), paths.encoded("small")
    for path in (folder, dataset):
        path.mkdir(parents=True)
    data.save(dataset)
    task = load(asked)(dataset, prepare(HERE))
    models = []
    for seed in range(seeds):
        seed_torch("test", seed)
        model = contract.build({**spec, "inputs": task.inputs, "outputs": task.outputs})
        contract.save(model, contract.seed_file(folder, seed))
        models.append(model.eval())
    about = {"seeds": [*range(seeds)], "about": task.about, "fingerprint": "0"}
    files.write_json(folder / "spec.json", {**models[0].spec(), **about})
    files.write_json(folder / "samples.json", {str(seed): {} for seed in range(seeds)})
    return task, models


def measured(
    asked: str = "next_character", samples: Samples | None = None, seeds: int = 2
) -> Measured:
    update: dict[str, Any] = {"dataset": "small", "task": asked, "seeds": tuple(range(seeds))}
    experiment = REAL.experiments["lyrics_gru"].model_copy(update=update)
    settings = REAL.model_copy(update={"runtime": HERE, "experiments": {"small": experiment}})
    return evaluate.measure("small", settings, samples)
