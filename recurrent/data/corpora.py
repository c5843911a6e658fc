"""What a corpus module offers, and how a stage finds it by the name in params.yaml."""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from recurrent.config import Corpus
from recurrent.errors import PipelineError


class CorpusModule(Protocol):
    """recurrent/data/<module>.py: one corpus, from raw bytes to clean records."""

    FILE: str  # its name in data/raw/<corpus>/

    def generate(self, folder: Path, seed: int, size: int) -> None:
        """Write the bundled corpus, and what is known of its source."""

    def check(self, path: Path) -> None:
        """Refuse a file that is no such corpus."""

    def clean(self, path: Path, out: Path, corpus: Corpus) -> dict[str, object]:
        """Write the clean records into `out`; return what was kept and dropped."""


def load(module: str) -> CorpusModule:
    """The corpus module of that name."""
    try:
        return cast(CorpusModule, import_module(f"recurrent.data.{module}"))
    except ModuleNotFoundError as fault:
        raise PipelineError(
            f"there is no recurrent/data/{module}.py ({fault}).", where="params.yaml: corpora"
        ) from fault
