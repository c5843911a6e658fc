"""A variant's results as MLflow records them: parameters, curves, scores and artifacts."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurrent.common import files
from recurrent.common.config import Dataset, Variant
from recurrent.common.paths import Results
from recurrent.tracking.experiments import TrackedExperiment
from recurrent.tracking.history import health, read_findings, read_gradients, read_history

if TYPE_CHECKING:
    import pandas as pd

Point = tuple[str, float, int]  # metric, value, step
FORMAT = 2  # of what is published; a higher number publishes all runs again
NOT_CURVES = ("variant", "seed", "epoch")  # columns of a history
PARTS = ("train", "valid", "gradient")  # a column such as train_loss becomes train/loss


@dataclass(frozen=True)
class TrackedData:
    """The encoded dataset of a run."""

    name: str
    digest: str = ""  # DVC's hash of its folder; "" if dvc.lock does not have it
    sizes: Mapping[str, int] = field(default_factory=dict)  # records of each split


@dataclass(frozen=True)
class TrackedRun:
    """A trained and evaluated variant. MLflow finds its run by the fingerprint."""

    variant: Variant
    display_name: str
    experiment: TrackedExperiment  # in MLflow
    dataset: Dataset
    data: TrackedData
    fingerprint: str
    device: str
    results: Results
    seconds: float = 0.0  # the training time of all seeds
    git_commit: str = ""

    @property
    def name(self) -> str:
        """The variant's name."""
        return self.variant.name

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
        """Yield every point of every curve: the mean over seeds, each seed, and gradient norms.

        Curves over epochs have names from `curve_name`; those of one seed have a prefix. The steps
        of a parameter's gradient norm are batches.
        """
        history = self.history()
        columns = history.columns.drop(list(NOT_CURVES))
        of_epoch = history.groupby("epoch")[list(columns)]
        means = of_epoch.mean()[of_epoch.count() == len(self.variant.seeds)]
        for name in columns:
            yield from self._curves("", name, means[name].items())
        for seed, rows in history.groupby("seed"):
            for name in columns:
                yield from self._curves(
                    f"seed_{seed}/", name, zip(rows["epoch"], rows[name], strict=True)
                )
        gradients = read_gradients(self.results.gradients(*self._key))
        for seed, rows in gradients.groupby("seed"):
            for name in rows.columns.drop(["seed", "epoch", "step"]):
                points = zip(rows["step"], rows[name], strict=True)
                yield from _curve(f"seed_{seed}/gradient_by_batch/{name}", points)

    def history(self) -> "pd.DataFrame":
        """Return the losses and scores of the variant by seed and epoch."""
        history = read_history(self.results.history(self.variant.experiment))
        return history[history["variant"] == self.variant.variant]

    def table(self) -> dict[str, list[Any]]:
        """Return losses, scores and perplexities by seed and epoch, as columns."""
        history = self.history().drop(columns="variant")
        found = {"seed": [*history["seed"]], "epoch": [*history["epoch"]]}
        for column in history.columns.drop(["seed", "epoch"]):
            values = [None if value != value else float(value) for value in history[column]]
            if any(value is not None for value in values):
                found[curve_name(column)] = values
                if self._has_perplexity(column):
                    found[curve_name(column, "perplexity")] = [*map(_perplexity, values)]
        return found

    def _has_perplexity(self, column: str) -> bool:
        return self.variant.task == "next_token" and column.endswith("_loss")

    def _curves(
        self, prefix: str, column: str, points: Iterable[tuple[Any, Any]]
    ) -> Iterator[Point]:
        known = [*points]
        yield from _curve(prefix + curve_name(column), known)
        if self._has_perplexity(column):
            perplexities = ((step, _perplexity(value)) for step, value in known)
            yield from _curve(prefix + curve_name(column, "perplexity"), perplexities)

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

    def state(self) -> str:
        """Return a hash of everything that is published. The fingerprint stands for the weights."""
        return hash_files(
            f"{FORMAT} {self.fingerprint}",
            self.results.evaluation(*self._key),
            self.results.samples(*self._key),
            self.results.history(self.variant.experiment),
            self.results.gradients(*self._key),
            self.results.findings(*self._key),
        )


def hash_files(label: str, *paths: Path) -> str:
    """Return a hash of a label and the contents of files; a missing file counts as empty."""
    found = hashlib.sha256(label.encode())
    for path in paths:
        content = path.read_bytes() if path.exists() else b""
        found.update(b"%d\0" % len(content) + content)
    return found.hexdigest()


def curve_name(column: str, metric: str = "") -> str:
    """Return MLflow's name of a history's column: `train_loss` becomes `train/loss`."""
    part, _, rest = column.partition("_")
    return f"{part}/{metric or rest}" if part in PARTS else column


def scores(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores of a variant, named as MLflow shows them.

    Scores on anything but the test records, such as a lecture's training text, have the prefix
    `final_`, because `train/loss` is a curve.
    """
    kinds = {"mean": "", "sd": "_sd", "ensemble": "_ensemble", "bayes": "_bayes"}
    split = evaluation["split"]
    start = f"{split}/" if split == "test" else f"{split}/final_"
    return {
        f"{start}{metric}{suffix}": value
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


def _perplexity(loss: float | None) -> float | None:
    """Return e to the power of a loss; None if the loss is too large or missing."""
    return math.exp(loss) if loss is not None and loss < 700 else None


def _curve(name: str, points: Iterable[tuple[Any, Any]]) -> Iterator[Point]:
    for step, value in points:
        if value is not None and value == value:  # an empty cell is NaN
            yield name, float(value), int(step)
