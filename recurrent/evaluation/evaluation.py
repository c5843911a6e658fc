"""The evaluation of one variant as files: measurements, and each record's contribution to them.

Reading and writing them needs no torch.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as to_safetensors

from recurrent.common import files
from recurrent.common.errors import PipelineError
from recurrent.common.paths import Results

REPORT, MERITS, SAMPLES = "report.json", "merits.safetensors", "samples.json"
FILES = (REPORT, MERITS, SAMPLES)


class Evaluation(NamedTuple):
    """All measurements of a variant. A merit is a record's contribution to the main metric."""

    report: Mapping[str, Any]
    records: NDArray[np.int32]  # rows of the dataset, or positions in its text
    merit: NDArray[np.float64]  # (records,), the mean over seeds
    ensemble_merit: NDArray[np.float64] | None  # of the seeds' averaged predictions
    samples: Mapping[str, Any] = {}  # answers or texts to read

    @property
    def name(self) -> str:
        """`experiment/variant`."""
        return f"{self.report['experiment']}/{self.report['variant']}"

    def save(self, folder: Path) -> None:
        """Write the files of the evaluation."""
        files.write_json(folder / REPORT, self.report)
        files.write_json(folder / SAMPLES, self.samples)
        arrays: dict[str, NDArray[Any]] = {"merit": self.merit, "records": self.records}
        if self.ensemble_merit is not None:
            arrays = {"ensemble_merit": self.ensemble_merit, **arrays}
        files.write_bytes(folder / MERITS, to_safetensors(arrays))

    @classmethod
    def load(cls, results: Results, experiment: str, variant: str) -> Self:
        """Read an evaluation from the outputs of the evaluate stage, without its samples."""
        path = results.evaluation(experiment, variant)
        try:
            arrays = load_file(results.merits(experiment, variant))
            report = files.read_json(path)
        except FileNotFoundError as missing:
            raise PipelineError(
                "this variant is not evaluated yet.", where=str(path), remedy="Run dvc repro."
            ) from missing
        return cls(report, arrays["records"], arrays["merit"], arrays.get("ensemble_merit"))
