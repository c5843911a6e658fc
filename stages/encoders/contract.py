"""What every encoder is: settings of its own, and one call from clean records to a dataset."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import Field

from stages.common.checking import Frozen
from stages.common.errors import PipelineError


class BySource(Frozen):
    """Fewer of a bundled corpus, which is to be quick, than of a real one."""

    bundled: int = Field(ge=1)
    other: int = Field(ge=1)

    def of(self, origin: Mapping[str, str]) -> int:
        """As many as that source gives."""
        return self.bundled if origin["source"] == "bundled" else self.other


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
    """The encoder in stages/encoders/<name>.py."""
    try:
        return cast(Encoder, import_module(f"stages.encoders.{name}"))
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"there is no stages/encoders/{name}.py ({fault}).", where="params.yaml: datasets"
        ) from fault
