"""Find the modules of a kind of data by its name; read and write encoded datasets.

Each kind is a package in this folder. Its `clean` module turns a raw file into clean records; its
`encode` module turns clean records into integer arrays.
"""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from recurrent.common import files
from recurrent.common.config import Corpus, Frozen, Synthetic
from recurrent.common.errors import PipelineError


class CorpusModule(Protocol):
    """`recurrent/data/<kind>/clean.py`: from a raw file to clean records."""

    FILE: str  # name of the raw file in data/raw/<corpus>/

    def generate(self, folder: Path, synthetic: Synthetic) -> None:
        """Write the bundled corpus, and the Bayes-optimal values of its records."""

    def check(self, path: Path) -> None:
        """Raise an error unless the file is of this kind."""

    def clean(self, path: Path, out: Path, corpus: Corpus) -> dict[str, object]:
        """Write the clean records into `out`; return how many rows were kept and dropped."""


class EncodedData(Protocol):
    """Arrays and what they mean."""

    def save(self, folder: Path) -> None:
        """Write everything that training and evaluation read."""


class Encoder(Protocol):
    """`recurrent/data/<kind>/encode.py`: from clean records to arrays."""

    Settings: type[Frozen]

    def encode(self, clean: Path, settings: Any) -> tuple[EncodedData, dict[str, object]]:
        """Return the dataset of a clean corpus, and its sizes."""


def corpus(kind: str) -> CorpusModule:
    """Return the module that cleans this kind of corpus."""
    return cast(CorpusModule, _load(kind, "clean", "corpora"))


def encoder(kind: str) -> Encoder:
    """Return the module that encodes this kind of dataset."""
    return cast(Encoder, _load(kind, "encode", "datasets"))


def _load(kind: str, module: str, section: str) -> object:
    known = sorted(path.parent.name for path in Path(__file__).parent.glob(f"*/{module}.py"))
    if kind not in known:
        raise PipelineError(
            f"there is no recurrent/data/{kind}/{module}.py.",
            where=f"params.yaml: {section}",
            remedy=f"Set `kind` to one of: {', '.join(known)}.",
        )
    return import_module(f"recurrent.data.{kind}.{module}")


def write(
    folder: Path,
    kind: str,
    about: Mapping[str, object],
    arrays: Mapping[str, NDArray[Any] | None],
) -> None:
    """Write dataset.json, and each array that is not None as a .npy file without objects."""
    for name, array in arrays.items():
        if array is not None:
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
    text = json.dumps({"kind": kind, **about}, ensure_ascii=False)
    files.write_text(folder / "dataset.json", text + "\n")


def read_about(folder: Path, kind: str) -> dict[str, Any]:
    """Return the content of dataset.json; refuse a dataset of another kind."""
    try:
        about: dict[str, Any] = files.read_json(folder / "dataset.json")
    except FileNotFoundError:
        raise PipelineError(
            "this dataset is not encoded yet.", where=str(folder), remedy="Run dvc repro."
        ) from None
    if about.get("kind") != kind:
        raise PipelineError(
            f"this dataset is of kind {about.get('kind')!r}, but {kind!r} is needed.",
            where=str(folder),
            remedy="Choose a dataset, or a task, that fits.",
        )
    return about


def read_array(folder: Path, name: str) -> NDArray[Any]:
    """Return one array of a dataset."""
    array: NDArray[Any] = np.load(folder / f"{name}.npy", allow_pickle=False)
    return array


def read_optional(folder: Path, name: str) -> NDArray[Any] | None:
    """Return one array of a dataset, or None if the dataset lacks it."""
    return read_array(folder, name) if (folder / f"{name}.npy").exists() else None
