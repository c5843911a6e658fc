"""The files of a trained variant, wherever they are. Reading them needs no torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from recurrent.common import files
from recurrent.common.config import Variant
from recurrent.common.errors import PipelineError
from recurrent.common.paths import Results
from recurrent.training import store as runs
from recurrent.training.fingerprint import Run
from recurrent.training.store import RunStore, checksum


class Trained(NamedTuple):
    """The files of a trained variant, in the workspace or in the run store."""

    spec: Mapping[str, Any]
    weights: Mapping[int, Path]  # by seed
    written: Mapping[str, Any]  # by seed, the text that was generated during training

    @classmethod
    def in_workspace(cls, variant: Variant, results: Results) -> "Trained":
        """Return the outputs of the train stage."""
        key = variant.experiment, variant.variant
        path = results.model(*key) / "spec.json"
        if not path.is_file():
            raise PipelineError(
                "this model is not trained yet.", where=str(path.parent), remedy="Run dvc repro."
            )
        spec = files.read_json(path)
        weights = {seed: results.weights(*key, seed) for seed in spec.pop("seeds")}
        written = results.written(*key)
        return cls(spec, weights, files.read_json(written) if written.is_file() else {})

    @classmethod
    def in_store(cls, of_seeds: Sequence[Run], store: RunStore) -> "Trained":
        """Return the files of a variant's finished runs, one run for each seed."""
        places = {run.seed: store.place(run.fingerprint) for run in of_seeds}
        first = next(iter(places.values()))
        return cls(
            files.read_json(first / runs.MODEL),
            {seed: place / runs.WEIGHTS for seed, place in places.items()},
            {str(seed): files.read_json(place / runs.SAMPLES) for seed, place in places.items()},
        )

    def checksums(self) -> dict[str, str]:
        """Return the SHA-256 of the weights of each seed."""
        return {str(seed): checksum(path) for seed, path in self.weights.items()}
