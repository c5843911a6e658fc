"""Read everything that a report needs from the files of one pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from recurrent.common import config as params
from recurrent.common import files, paths
from recurrent.common.config import Config, Variant
from recurrent.evaluation import headline, lectures, rows
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Claim, Comparison, Published, Row, Score
from recurrent.report.numbers import count
from recurrent.report.views import Cell
from recurrent.tracking.history import Finding, read_findings, read_gradients, read_history

BUNDLED = "bundled"
SPLITS = {"train": "training", "valid": "validation", "test": "held-out"}
# Accuracies on test names that no model was trained on.
NOT_TRAINED_ON = ("accuracy_not_trained_on", "accuracy_new_given_name")
LECTURES = paths.PIPELINES["lectures"]


@dataclass(frozen=True)
class Inputs:
    """One pipeline's settings and results. Results may be missing; that is not an error."""

    config: Config
    lectures: Mapping[str, Lecture]
    published: tuple[Published, ...]
    scores: tuple[Score, ...]
    comparisons: tuple[Comparison, ...]
    of_lectures: tuple[Comparison, ...]  # beyond the lectures, their comparisons
    claims: tuple[Claim, ...]
    known: Mapping[str, Variant]  # by name; beyond the lectures, also those of the lectures
    validation: Mapping[str, float]  # loss of each network
    replicated: Mapping[str, Published]  # by id, see `load`
    replication: str  # date and commit of `replicated`

    @property
    def main(self) -> bool:
        """Whether these are the results of the lectures' own pipeline."""
        return self.config.results == LECTURES

    @property
    def bundled(self) -> bool:
        """Whether the pipeline is configured for the bundled corpora."""
        return self.config.source == BUNDLED

    def called(self, name: str) -> str:
        """Return what people call a model."""
        named = (lecture.names[name] for lecture in self.lectures.values() if name in lecture.names)
        return next(named, name.replace("_", " ").replace("/", ", "))

    def score(self, name: str, metric: str) -> Score | None:
        """Return a model's score in a metric."""
        known = (score for score in self.scores if (score.name, score.metric) == (name, metric))
        return next(known, None)

    def records(self, score: Score) -> str:
        """Return what people call the records of a score, which may name a dataset and a split."""
        dataset, _, split = score.records.partition(", ")
        if dataset not in self.config.datasets:
            return score.records
        corpus = self.config.datasets[dataset].corpus
        text = self.config.corpora[corpus].kind == "text"
        unit = f"characters of {corpus}" if text else corpus
        kind = SPLITS.get(split, split)
        if is_independent(self.config, dataset) and score.metric not in NOT_TRAINED_ON:
            return f"{count(score.count)} {split} {unit}, some of which are training {unit}"
        return f"{count(score.count)} {kind} {unit}"

    def fitted(self, name: str) -> bool:
        """Return whether a model is fitted in one call, without epochs."""
        return name in self.known and self.known[name].training.method == "fit"

    def model(self, name: str) -> Cell:
        """Return a table's cell for a model, given as experiment/variant."""
        return Cell(self.called(name), "model", name)

    def of(self, lecture: str, table: tuple[Row, ...]) -> list[Row]:
        """Return the rows of a lecture."""
        return [row for row in table if row.lecture == lecture]

    def variants(self, lecture: str) -> Iterator[Variant]:
        """Yield the variants of a lecture, in the order of the parameter file."""
        for key, experiment in self.config.experiments.items():
            if experiment.lecture == lecture:
                yield from self.config.variants(key)

    def evaluation(self, variant: Variant) -> Mapping[str, Any]:
        """Return all measurements of a variant."""
        return read_json(self.config.results.evaluation(variant.experiment, variant.variant))

    def samples(self, variant: Variant) -> Mapping[str, Any]:
        """Return the sample answers or texts of a variant."""
        return read_json(self.config.results.samples(variant.experiment, variant.variant))

    def public(self, variant: Variant) -> bool:
        """Return whether a variant was measured on a bundled corpus, which we may publish."""
        return bool(self.evaluation(variant).get("origin", {}).get("source") == BUNDLED)

    def history(self, experiment: str) -> pd.DataFrame:
        """Return an experiment's losses; `beyond` also finds those of the lectures."""
        for results in (self.config.results, LECTURES):
            if (path := results.history(experiment)).is_file():
                return read_history(path)
        return pd.DataFrame({"variant": [], "seed": [], "epoch": []})

    def gradients(self, variant: Variant) -> pd.DataFrame:
        """Return a variant's gradient norms by step."""
        path = self.config.results.gradients(variant.experiment, variant.variant)
        return read_gradients(path) if path.is_file() else pd.DataFrame()

    def findings(self, variant: Variant) -> list[tuple[int, Finding]] | None:
        """Return the findings of a variant's runs; None if there is no file."""
        path = self.config.results.findings(variant.experiment, variant.variant)
        return read_findings(path) if path.is_file() else None

    def comparison(self, one: Score, other: Score) -> Comparison | None:
        """Return the comparison of two models by the first one's metric; None if there is none."""
        for row in chain(self.comparisons, self.of_lectures):
            pair = f"{row.experiment}/{row.variant}", row.rival
            if pair == (one.name, other.name) and row.metric == one.metric and not row.ensemble:
                return row
        return None

    def examined(self, name: str) -> pd.DataFrame:
        """Return a table of the stage `examine`; `name` is experiment/variant, `called` is ours."""
        found = read_csv(self.config.results.examined / f"{name}.csv")
        if not found.empty:
            found["name"] = found["experiment"] + "/" + found["variant"]
            found["called"] = found["name"].map(self.called)
        return found


@dataclass(frozen=True)
class Records:
    """The models that were measured on the same records, best first."""

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


def load(pipeline: str = "lectures") -> Inputs:
    """Read the results of a pipeline: `lectures` or `beyond`.

    On bundled corpora, they include the committed results of `recurrent replicate`, for published
    numbers that cannot be compared here.
    """
    config = params.load(pipeline)
    results = config.results
    scores = rows.read(results.scores, Score)
    of_lectures: list[Comparison] = []
    if pipeline != "lectures":  # the lectures' own models on the same records
        measured = {(score.lecture, score.records) for score in scores if score.split == "test"}
        others = rows.read(LECTURES.scores, Score)
        scores += [score for score in others if (score.lecture, score.records) in measured]
        of_lectures = rows.read(LECTURES.comparisons, Comparison)
    pipelines = [config] if pipeline == "lectures" else [config, params.load()]
    known = {variant.name: variant for one in pipelines for variant in one.variants()}
    validation = {
        name: loss for one in pipelines for name, loss in headline.validation_losses(one).items()
    }
    known_upstream, replicated_on = {}, ""
    if pipeline == "lectures" and config.source == BUNDLED:
        known_upstream = {
            row.id: row
            for row in rows.read(paths.UPSTREAM_METRICS / "published.csv", Published)
            if row.ours is not None and row.source == "upstream"
        }
        replicated_on = replication(read_json(paths.REPLICATED))
    return Inputs(
        config,
        lectures.load(),
        tuple(rows.read(results.published, Published)),
        tuple(scores),
        tuple(rows.read(results.comparisons, Comparison)),
        tuple(of_lectures),
        tuple(rows.read(results.claims, Claim)),
        known,
        validation,
        known_upstream,
        replicated_on,
    )


def is_independent(config: Config, dataset: str) -> bool:
    """Return whether a dataset draws its splits independently, so that they share records."""
    settings = config.datasets[dataset].settings if dataset in config.datasets else {}
    return settings.get("split") == "independent"


def replication(found: Mapping[str, Any]) -> str:
    """Return the date and commit of the committed run on the lectures' own corpora."""
    return f"{found['date']}, commit {found['commit']}" if found else "committed earlier"


def held_out(inputs: Inputs, lecture: str) -> list[Records]:
    """Return scores in the lecture's headline metric, for each set of held-out records."""
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


def read_json(path: Path) -> dict[str, Any]:
    """Return the map in a JSON file; an empty one if there is no such file."""
    found: dict[str, Any] = files.read_json(path) if path.is_file() else {}
    return found


def read_csv(path: Path) -> pd.DataFrame:
    """Return a table; an empty one if there is no such file. A level may be called NA."""
    if not path.is_file():
        return pd.DataFrame()
    return pd.read_csv(path, keep_default_na=False, na_values=[""])
