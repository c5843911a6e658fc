"""Everything that a report is made of, read from the files of one pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

import pandas as pd

from recurrent import config as params
from recurrent import files, paths
from recurrent.config import Config, Variant
from recurrent.evaluation import lectures, rows
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Comparison, Published, Row, Score
from recurrent.tracking.history import Finding, read_findings, read_gradients, read_history

BUNDLED = "bundled"
NO_CORPUS = "no corpus"
LECTURES = paths.PIPELINES["lectures"]


@dataclass(frozen=True)
class Inputs:
    """One pipeline's settings and results. What was not run yet is missing, and no error."""

    config: Config
    lectures: Mapping[str, Lecture]
    published: tuple[Published, ...]
    scores: tuple[Score, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def main(self) -> bool:
        """Whether these are the lectures' results, and not what goes beyond them."""
        return self.config.results == LECTURES

    def of(self, lecture: str, table: tuple[Row, ...]) -> list[Row]:
        """The rows of a lecture."""
        return [row for row in table if row.lecture == lecture]

    def variants(self, lecture: str) -> Iterator[Variant]:
        """The variants of a lecture, in the order of the parameters."""
        for key, experiment in self.config.experiments.items():
            if experiment.lecture == lecture:
                yield from self.config.variants(key)

    def evaluation(self, variant: Variant) -> Mapping[str, Any]:
        """Everything measured of a variant."""
        return read_json(self.config.results.evaluation(variant.experiment, variant.variant))

    def samples(self, variant: Variant) -> Mapping[str, Any]:
        """What a variant's models answer or write."""
        return read_json(self.config.results.samples(variant.experiment, variant.variant))

    def bundled(self, variant: Variant) -> bool:
        """Whether a variant was measured on a corpus that is ours to show."""
        return bool(self.evaluation(variant).get("origin", {}).get("source") == BUNDLED)

    def history(self, experiment: str) -> pd.DataFrame:
        """An experiment's losses; the lectures' own, too, for what goes beyond them."""
        for results in (self.config.results, LECTURES):
            if (path := results.history(experiment)).is_file():
                return read_history(path)
        return pd.DataFrame({"variant": [], "seed": [], "epoch": []})

    def gradients(self, variant: Variant) -> pd.DataFrame:
        """A variant's gradient norms by step."""
        path = self.config.results.gradients(variant.experiment, variant.variant)
        return read_gradients(path) if path.is_file() else pd.DataFrame()

    def findings(self, variant: Variant) -> list[tuple[int, Finding]] | None:
        """What a variant's runs found wrong with their gradients; None if there is no file."""
        path = self.config.results.findings(variant.experiment, variant.variant)
        return read_findings(path) if path.is_file() else None

    def examined(self, name: str) -> pd.DataFrame:
        """A table of what trained networks were examined for, with `name` as experiment/variant."""
        found = read_csv(self.config.results.examined / f"{name}.csv")
        if not found.empty:
            found["name"] = found["experiment"] + "/" + found["variant"]
        return found


@dataclass(frozen=True)
class Records:
    """The models that were measured on the same records, the best first."""

    name: str
    scores: tuple[Score, ...]

    @property
    def networks(self) -> list[Score]:
        """The models that are trained by descent."""
        return [score for score in self.scores if score.method == "descent"]

    @property
    def baselines(self) -> list[Score]:
        """The models without a network."""
        return [score for score in self.scores if score.method != "descent"]

    @property
    def bayes(self) -> float | None:
        """The best possible score."""
        return next((score.bayes for score in self.scores if score.bayes is not None), None)

    def reached(self, score: Score) -> float | None:
        """How much of the way from the best baseline to the best possible; None if unknown."""
        if self.bayes is None or not self.baselines or self.baselines[0].ours == self.bayes:
            return None
        start = self.baselines[0].ours
        return (score.ours - start) / (self.bayes - start)


def load(pipeline: str = "lectures") -> Inputs:
    """Read the results of a pipeline: `lectures` or `beyond`."""
    config = params.load(pipeline)
    results = config.results
    scores = rows.read(results.scores, Score)
    if pipeline != "lectures":  # the lectures' own models on the same records
        measured = {(score.lecture, score.records) for score in scores if score.split == "test"}
        others = rows.read(LECTURES.scores, Score)
        scores += [score for score in others if (score.lecture, score.records) in measured]
    return Inputs(
        config,
        lectures.load(),
        tuple(rows.read(results.published, Published)),
        tuple(scores),
        tuple(rows.read(results.comparisons, Comparison)),
    )


def held_out(inputs: Inputs, lecture: str) -> list[Records]:
    """The lecture's headline metric on each set of records that no model saw."""
    chosen = inputs.lectures[lecture]
    groups: dict[str, list[Score]] = {}
    for score in inputs.of(lecture, inputs.scores):
        if (score.split, score.metric) == ("test", chosen.headline) and not score.by_prefix:
            groups.setdefault(score.records, []).append(score)
    sign = -1 if chosen.better == "higher" else 1
    return [
        Records(name, tuple(sorted(scores, key=lambda score: sign * score.ours)))
        for name, scores in groups.items()
    ]


def perplexity(loss: float) -> float:
    """The exponential of a loss in nats, as far as a float holds it."""
    return exp(min(loss, 700.0))


def read_json(path: Path) -> dict[str, Any]:
    """The map in a JSON file; an empty one if there is no such file."""
    found: dict[str, Any] = files.read_json(path) if path.is_file() else {}
    return found


def read_csv(path: Path) -> pd.DataFrame:
    """A table; an empty one if there is no such file. A level may be called NA."""
    if not path.is_file():
        return pd.DataFrame()
    return pd.read_csv(path, keep_default_na=False, na_values=[""])
