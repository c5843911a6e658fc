"""Small networks of every class, and the gradients by which they are compared."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from recurrent.models import base
from recurrent.models.base import Model, State

TOKENS, BATCH, STEPS, HIDDEN = 9, 4, 8, 5
SIZES: dict[str, Any] = {"embedding": 4, "hidden": HIDDEN}
MODULES = {
    "CharRnnClassifier": "names",
    "TutorialClassifier": "names",
    "RecurrentClassifier": "names",
    "Char3": "nietzsche",
    "CharLoop": "nietzsche",
    "CharLoopConcat": "nietzsche",
    "CharRnn": "nietzsche",
    "CharSeqRnn": "nietzsche",
    "StatefulRnn": "nietzsche",
    "Gru": "lyrics",
    "Lstm": "lyrics",
    "Stacked": "lyrics",
    "EntityEmbeddings": "sales",
    "OneHotEntities": "sales",
    "NearestNeighbours": "sales",
    "Forest": "sales",
    "BoostedTrees": "sales",
    "NaiveBayes": "baselines",
    "LogisticNgrams": "baselines",
    "InterpolatedNgrams": "ngrams",
}
Case = tuple[str, dict[str, Any]]  # a class and its settings
DEEP = {"layers": 2, "dropout": 0.4}
STEPWISE: list[Case] = [  # one prediction after each token
    ("CharSeqRnn", SIZES),
    *(("StatefulRnn", {**SIZES, **DEEP, "cell": cell}) for cell in base.CELLS),
    ("Gru", {"hidden": HIDDEN}),
    ("Lstm", {"hidden": HIDDEN}),
    ("Stacked", {"hidden": HIDDEN, "cell": "gru"}),
    *(
        ("Stacked", {"hidden": HIDDEN, **DEEP, "cell": "lstm", "repair": repair})
        for repair in ("none", "residual", "norm")
    ),
]
STATEFUL: list[Case] = [
    ("CharRnnClassifier", {"hidden": HIDDEN}),
    ("TutorialClassifier", {"hidden": HIDDEN}),
    ("CharLoop", SIZES),
    ("CharLoopConcat", SIZES),
    ("CharRnn", {**SIZES, "recurrent_init": "identity"}),
    *STEPWISE,
]
NETWORKS: list[Case] = [
    *STATEFUL,
    *(("RecurrentClassifier", {**SIZES, **DEEP, "cell": cell}) for cell in base.CELLS),
    ("RecurrentClassifier", {**SIZES, "cell": "gru", "bidirectional": True}),
    ("Char3", SIZES),
    ("Stacked", {"hidden": HIDDEN, "cell": "gru", "bidirectional": True}),
    ("Stacked", {"hidden": HIDDEN, **DEEP, "cell": "lstm", "bidirectional": True}),
    ("EntityEmbeddings", {"widths": [3, 1, 2], "hidden": [5, 4]}),
    ("OneHotEntities", {"hidden": [5, 4]}),
]
FITTED: list[Case] = [
    ("NaiveBayes", {"smoothing": 0.5}),
    ("LogisticNgrams", {"strength": 1.0}),
    ("InterpolatedNgrams", {"order": 3}),
    ("NearestNeighbours", {"neighbours": 5}),
    ("Forest", {"trees": 7, "depth": 6}),
    ("BoostedTrees", {"rounds": 12, "depth": 3, "learning_rate": 0.3, "share": 0.6}),
]


def network(name: str, inputs: int = TOKENS, outputs: int = TOKENS, **settings: Any) -> Model:
    """Return a model of that class, with the same weights each time."""
    torch.manual_seed(0)
    spec = {"module": MODULES[name], "name": name, "inputs": inputs, "outputs": outputs}
    return base.build({**spec, "settings": settings})


def batch(name: str = "", steps: int = STEPS) -> Tensor:
    """Return random ids, as many steps as the class reads."""
    few = {"Char3": 3, "EntityEmbeddings": 3, "OneHotEntities": 3}
    return torch.randint(1, TOKENS, (BATCH, few.get(name, steps)))


def parts_of(state: State) -> list[Tensor]:
    """Return all tensors of a state."""
    if isinstance(state, tuple):
        return [tensor for part in state for tensor in parts_of(part)]
    return [] if state is None else [state]


def gradients(outputs: Tensor, state: State, of: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradients of a weighted sum of the outputs and the last state."""
    results = [outputs, *parts_of(state)]
    torch.manual_seed(1)
    weights = [torch.randn(value.shape) for value in results]
    return torch.autograd.grad(results, tuple(of), weights, materialize_grads=True)
