"""Small texts that are asked for the next character, and small models that answer."""

from pathlib import Path
from typing import Any

import torch

from recurrent.models import base as contract
from recurrent.models.base import Model
from recurrent.tasks.next_token import NextCharacter
from tests.data.texts import encoded, some_text

STREAM: dict[str, Any] = {"order": "consecutive"}
RANDOM: dict[str, Any] = {"split": "random", "valid": 0.2, "test": 0.0}
ONE_BY_ONE: dict[str, Any] = {"targets": "last", "stride": 1}
SIZES: dict[str, Any] = {"embedding": 3, "hidden": 5}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "CharRnn": ("char_rnns", SIZES),
    "CharSeqRnn": ("char_rnns", SIZES),
    "LanguageModel": ("language_model", SIZES),
    "InterpolatedNgrams": ("ngrams", {}),
}


def task(folder: Path, length: int = 200, **changes: Any) -> NextCharacter:
    """A tenth of the text chooses, the last tenth measures."""
    encoded(folder, some_text(length), **changes).save(folder)
    return NextCharacter(folder, torch.device("cpu"))


def network(asked: NextCharacter, name: str = "CharSeqRnn", **settings: Any) -> Model:
    """A small model for that vocabulary."""
    torch.manual_seed(0)
    module, values = MODELS[name]
    spec = {"module": module, "name": name, "settings": {**values, **settings}}
    return contract.build({**spec, "inputs": asked.inputs, "outputs": asked.outputs}).eval()


@torch.inference_mode()
def at_once(model: Model, asked: NextCharacter, first: int, end: int) -> list[float]:
    """ln of what a model gives the characters after `first` up to before `end`, in one pass."""
    text = asked.ids[first:end]
    logs = model(text[None, :-1])[0][0].double().log_softmax(dim=-1)
    return [float(log[target]) for log, target in zip(logs, text[1:], strict=True)]
