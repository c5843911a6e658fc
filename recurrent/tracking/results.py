"""The results of a pipeline as MLflow records them: one run for each state of the report."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recurrent.common import files
from recurrent.common.paths import Results
from recurrent.tracking.experiments import TrackedExperiment
from recurrent.tracking.runs import hash_files

COUNTS = ("reproduced", "differs", "claims_hold")  # keys of summary.json; the others are lectures
ALL_LECTURES = TrackedExperiment(
    key="all",
    title="All lectures",
    description=(
        "The report, its figures and its tables: a new run whenever the results change.\n\n"
        "`held_out/…` is the score of a lecture's best network on held-out records: accuracy for "
        "names (higher is better), nats per token for texts and mean absolute percentage error "
        "for sales (lower is better)."
    ),
    columns=("claims_hold", "reproduced", "differs"),
    kind="report",
)


@dataclass(frozen=True)
class TrackedResults:
    """The report of one pipeline, and the tables behind it."""

    pipeline: str  # lectures or beyond
    source: str  # bundled or upstream
    results: Results
    git_commit: str = ""

    @property
    def name(self) -> str:
        """The name of the run."""
        return f"{self.pipeline}, {self.source}"

    def is_complete(self) -> bool:
        """Return whether the pipeline has written its report."""
        return self.results.report.exists() and self.results.summary.exists()

    def state(self) -> str:
        """Return a hash of everything that is published."""
        results = self.results
        return hash_files(self.name, results.summary, results.report, *self._tables().values())

    def metrics(self) -> dict[str, float]:
        """Return the headline numbers."""
        return {
            key if key in COUNTS else f"held_out/{key}": float(value)
            for key, value in files.read_json(self.results.summary).items()
            if isinstance(value, int | float)
        }

    def tables(self) -> Iterator[tuple[str, dict[str, list[Any]]]]:
        """Yield the tables of scores, published numbers and claims, each with its name."""
        import pandas as pd

        for name, path in self._tables().items():
            if path.exists():
                frame = pd.read_csv(path)
                values = frame.astype(object).where(frame.notna(), None)
                yield name, {str(column): values[column].tolist() for column in values}

    def artifacts(self) -> Iterator[tuple[Path, str]]:
        """Yield files and folders to upload, each with its target folder in the run."""
        found = {"": [self.results.report, self.results.tables]}
        found |= {name: [self.results.metrics / name] for name in ("figures", "curves")}
        for folder, paths in found.items():
            yield from ((path, folder) for path in paths if path.exists())

    def _tables(self) -> dict[str, Path]:
        return {
            "scores": self.results.scores,
            "published": self.results.published,
            "claims": self.results.claims,
            "comparisons": self.results.comparisons,
        }
