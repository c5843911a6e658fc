"""A small trained variant in a project folder, and what evaluation makes of it."""

from pathlib import Path
from typing import Any, Protocol

from recurrent.common import files
from recurrent.common.config import Config, Runtime, Samples, Variant, checked
from recurrent.common.paths import PIPELINES, encoded
from recurrent.evaluation.evaluation import Evaluation
from recurrent.evaluation.trained import Trained
from recurrent.evaluation.variants import evaluate
from recurrent.models import base
from recurrent.models.base import FittedModel, Model
from recurrent.tasks.base import Task, load
from recurrent.training.determinism import prepare
from recurrent.training.seeding import seed_torch

CPU = Runtime(device="cpu", threads=1, tracking=False)
ONE_WAY: dict[str, Any] = {
    "module": "lyrics",
    "name": "Stacked",
    "settings": {"cell": "gru", "hidden": 8},
}
BOTH_WAYS = {**ONE_WAY, "settings": {**ONE_WAY["settings"], "bidirectional": True}}
DESCENT = {"optimizer": "adam", "learning_rate": 0.01, "epochs": 1, "batch_size": 32}
RESULTS = PIPELINES["lectures"]


class Saved(Protocol):
    """An encoded dataset."""

    def save(self, folder: Path) -> None: ...


def settings(task: str = "next_token", spec: dict[str, Any] = ONE_WAY) -> Config:
    """The settings of one experiment with one variant: `small/one`, on the dataset `small`."""
    experiment = {
        "lecture": "lyrics",
        "title": "a small experiment",
        "dataset": "small",
        "also": "small",
        "task": task,
        "model": spec,
        "training": {"method": "fit"} if spec["module"] == "ngrams" else DESCENT,
        "variants": {"one": {}},
    }
    values = {
        "runtime": CPU.model_dump(),
        "source": "bundled",
        "corpora": {"letters": {"kind": "text", "synthetic": {"seed": 0, "size": 10}}},
        "datasets": {"small": {"corpus": "letters", "kind": "text"}},
        "experiments": {"small": experiment},
    }
    return checked(Config, values, "here")


def trained(
    data: Saved, spec: dict[str, Any] = ONE_WAY, task: str = "next_token", seeds: int = 2
) -> tuple[Task, list[Model]]:
    """Write the dataset and the models of `small/one`, from some seeds."""
    dataset = encoded("small")
    dataset.mkdir(parents=True)
    data.save(dataset)
    asked = load(task)(dataset, prepare(CPU))
    return asked, save_models(RESULTS.model("small", "one"), asked, spec, seeds)


def save_models(folder: Path, task: Task, spec: dict[str, Any], seeds: int = 1) -> list[Model]:
    """Write models with random weights, or fitted ones, from some seeds."""
    models = []
    for seed in range(seeds):
        seed_torch("test", seed)
        model = base.build({**spec, "inputs": task.inputs, "outputs": task.outputs})
        if isinstance(model, FittedModel):
            model.fit(*task.whole_split("train"))
        base.save(model, base.seed_file(folder, seed))
        models.append(model.eval())
    about = {"seeds": [*range(seeds)], "about": task.about}
    files.write_json(folder / "spec.json", {**models[0].spec(), **about})
    return models


def evaluated(
    task: str = "next_token", spec: dict[str, Any] = ONE_WAY, samples: Samples | None = None
) -> Evaluation:
    """Evaluate `small/one`."""
    config = settings(task, spec)
    one = config.find("small/one").model_copy(update={"samples": samples})
    return evaluate(one, config, prepare(CPU), Trained.in_workspace(one, RESULTS))


def variant(name: str, lecture: str = "lyrics", **changes: Any) -> Variant:
    """A variant of any name, for tests that need no model."""
    experiment, _, short = name.partition("/")
    values = {
        "experiment": experiment,
        "variant": short,
        "lecture": lecture,
        "dataset": "small",
        "task": "next_token",
        "model": ONE_WAY,
        "training": {"method": "descent", **DESCENT},
        **changes,
    }
    return checked(Variant, values, "here")
