"""What every encoder is: settings of its own, and one call from clean records to a dataset."""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from recurrent.errors import PipelineError
from recurrent.validation import Frozen


class Dataset(Protocol):
    """Arrays that know how to lie in a folder."""

    def save(self, folder: Path) -> None:
        """Write everything that training and evaluation will read."""


class Encoder(Protocol):
    """A module of this package."""

    Settings: type[Frozen]

    def encode(self, clean: Path, settings: Any) -> tuple[Dataset, dict[str, object]]:
        """The dataset of a clean corpus, and the sizes that people want to see."""


def load(name: str) -> Encoder:
    """The encoder in recurrent/data/<name>.py."""
    try:
        return cast(Encoder, import_module(f"recurrent.data.{name}"))
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"there is no recurrent/data/{name}.py ({fault}).", where="params.yaml: datasets"
        ) from fault
