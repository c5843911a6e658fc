"""Tiny trained models in the places where the commands look for them."""

from typing import Any

from recurrent.common import files, paths
from recurrent.models import base
from recurrent.training.seeding import seed_torch

NAMES = "王小红李伟abc"  # the vocabulary of the classifier
CLASSIFIER: dict[str, Any] = {
    "module": "names",
    "name": "CharRnnClassifier",
    "inputs": len(NAMES) + 1,
    "outputs": 2,
    "settings": {"hidden": 4},
    "seeds": [0, 1],
    "about": {"vocabulary": NAMES, "classes": ["男", "女"]},
}
WINDOWED: dict[str, Any] = {
    "module": "nietzsche",
    "name": "CharRnn",
    "inputs": 6,
    "outputs": 6,
    "settings": {"embedding": 4, "hidden": 8},
    "seeds": [0],
    "about": {"vocabulary": "abcde", "window": 3, "stateful": False},
}
STACKED: dict[str, Any] = {
    **WINDOWED,
    "module": "lyrics",
    "name": "Stacked",
    "settings": {"cell": "gru", "hidden": 8},
    "about": {"vocabulary": "abcde", "window": 3, "stateful": True},
}
REGRESSOR: dict[str, Any] = {
    "module": "sales",
    "name": "EntityEmbeddings",
    "inputs": 6,
    "outputs": 1,
    "settings": {"widths": [2, 2], "hidden": [4]},
    "seeds": [0, 1],
    "about": {"vocabulary": ["store=1", "store=2", "day=1", "day=2", "day=3"], "scale": 8.0},
}


def save(name: str, spec: dict[str, Any], pipeline: str = "lectures") -> None:
    """Write a variant's spec and random weights."""
    folder = paths.PIPELINES[pipeline].model(*name.split("/"))
    folder.mkdir(parents=True)
    for seed in spec["seeds"]:
        seed_torch("test", seed)
        base.save(base.build(spec), base.seed_file(folder, seed))
    files.write_json(folder / "spec.json", spec)
