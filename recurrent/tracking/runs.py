"""A variant's results as MLflow records them: parameters, curves, scores and artifacts."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recurrent.common import files
from recurrent.common.config import Dataset, Variant
from recurrent.common.paths import Results
from recurrent.tracking.history import health, read_findings, read_gradients, read_history

Point = tuple[str, float, int]  # metric, value, step


@dataclass(frozen=True)
class TrackedRun:
    """A trained and evaluated variant. MLflow finds its run by the fingerprint."""

    variant: Variant
    dataset: Dataset
    fingerprint: str
    device: str
    results: Results
    seconds: float = 0.0  # the training time of all seeds
    git_commit: str = ""

    @property
    def _key(self) -> tuple[str, str]:
        return self.variant.experiment, self.variant.variant

    def evaluation(self) -> dict[str, Any]:
        """Return all measurements of the variant."""
        return dict(files.read_json(self.results.evaluation(*self._key)))

    def parameters(self) -> dict[str, str]:
        """Return the settings of model, training and dataset, with short dotted names."""
        variant = self.variant.model_dump(mode="json")
        model, dataset = variant["model"], self.dataset.model_dump(mode="json")
        return {
            "task": self.variant.task,
            "seeds": str(variant["seeds"]),
            "model": f"{model['module']}.{model['name']}",
            **flat(model["settings"], "model."),
            **flat(variant["training"]),
            **flat(variant["samples"] or {}, "samples."),
            "dataset": self.variant.dataset,
            "dataset.corpus": dataset["corpus"],
            **flat(dataset["settings"], "dataset."),
        }

    def points(self) -> Iterator[Point]:
        """Yield every point of every curve: each seed, the mean over seeds, and gradient norms."""
        history = read_history(self.results.history(self.variant.experiment))
        history = history[history["variant"] == self.variant.variant]
        columns = [name for name in history if name not in ("variant", "seed", "epoch")]
        for seed, rows in history.groupby("seed"):
            for name in columns:
                points = zip(rows["epoch"], rows[name], strict=True)
                yield from _curve(f"seed_{seed}/{name}", points)
        of_epoch = history.groupby("epoch")[columns]
        means = of_epoch.mean()[of_epoch.count() == len(self.variant.seeds)]
        for name in columns:
            yield from _curve(f"mean/{name}", means[name].items())
        gradients = read_gradients(self.results.gradients(*self._key))
        for seed, rows in gradients.groupby("seed"):
            for name in rows.columns.drop(["seed", "epoch", "step"]):
                points = zip(rows["step"], rows[name], strict=True)
                yield from _curve(f"seed_{seed}/gradient_norm/{name}", points)

    def health(self) -> str:
        """Return the findings of the variant's runs in one line."""
        return health(read_findings(self.results.findings(*self._key)))

    def artifacts(self) -> Iterator[tuple[Path, str]]:
        """Yield files and folders to upload, each with its target folder in the run."""
        yield self.results.evaluation(*self._key), "evaluation"
        if self.results.samples(*self._key).exists():
            yield self.results.samples(*self._key), "samples"

    def final_metrics(self) -> dict[str, float]:
        """Return the seconds of training and the scores, named as MLflow shows them."""
        return {"seconds": self.seconds, **scores(self.evaluation())}

    def is_complete(self) -> bool:
        """Return whether the variant is trained and evaluated."""
        spec = self.results.model(*self._key) / "spec.json"
        return spec.exists() and self.results.evaluation(*self._key).exists()

    def state(self) -> str:
        """Return a hash of everything that is published. The fingerprint stands for the weights."""
        state = hashlib.sha256(self.fingerprint.encode())
        paths = (
            self.results.evaluation(*self._key),
            self.results.samples(*self._key),
            self.results.history(self.variant.experiment),
            self.results.gradients(*self._key),
            self.results.findings(*self._key),
        )
        for path in paths:
            content = path.read_bytes() if path.exists() else b""
            state.update(b"%d\0" % len(content) + content)
        return state.hexdigest()


def scores(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores of a variant, named as MLflow shows them."""
    kinds = {"mean": "", "sd": "_sd", "ensemble": "_ensemble", "bayes": "_bayes"}
    return {
        f"final/{metric}{suffix}": value
        for kind, suffix in kinds.items()
        for metric, value in (evaluation.get(kind) or {}).items()
        if isinstance(value, int | float)
    }


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten nested settings into text with dotted names."""
    found: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found


def _curve(name: str, points: Iterable[tuple[Any, Any]]) -> Iterator[Point]:
    for step, value in points:
        if value == value:  # an empty cell is NaN
            yield name, float(value), int(step)
