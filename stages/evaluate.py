"""Stage: measure every trained variant of a pipeline, and compare it with other models."""

import shutil
from collections.abc import Iterator

import torch

from recurrent.common import config as params
from recurrent.common import console, files, paths
from recurrent.common.config import Config, Fit
from recurrent.common.errors import PipelineError
from recurrent.evaluation import comparisons, lectures, published, rows, scores
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.scores import Reports
from recurrent.evaluation.variants import Evaluated, evaluate
from recurrent.training.determinism import prepare


def main(pipeline: str) -> None:
    """Evaluate all variants of `lectures` or `beyond`."""
    config, known = params.load(pipeline), lectures.load()
    refuse_unknown_lectures(config, known)
    device, results = prepare(config.runtime), config.results
    for folder in (
        results.data / "evaluation",
        results.data / "samples",
        results.metrics / "scores",
    ):
        shutil.rmtree(folder, ignore_errors=True)
    own = dict(evaluated(config, known, device))
    reports = {name: one.report for name, one in own.items()}
    table = [
        row
        for one in own.values()
        for row in scores.score_rows(one.variant, one.report, known[one.variant.lecture])
    ]
    rows.write(results.scores, rows.Score, table)
    compared = [
        *comparisons.on_same_records(own, {**own, **baselines(config, device)}, known),
        *comparisons.held_out(own, {**reports, **counterparts(own, known)}, known),
    ]
    rows.write(results.comparisons, rows.Comparison, compared)
    numbers = []
    if config.pipeline == "lectures":
        numbers = [*published.published_rows(known, reports, results, config.source)]
        rows.write(results.published, rows.Published, numbers)
    files.write_json(results.summary, scores.summary(table, numbers, known))
    tell_mlflow()


def tell_mlflow() -> None:
    """Publish new results. dvc.yaml does not list this module: changing it re-runs nothing."""
    from recurrent.commands import publish

    publish.after_repro()


def refuse_unknown_lectures(config: Config, known: dict[str, Lecture]) -> None:
    """Refuse an experiment of a lecture that lectures.yaml does not have."""
    for key, experiment in config.experiments.items():
        if experiment.lecture not in known:
            raise PipelineError(
                f"there is no lecture {experiment.lecture!r} in {paths.LECTURES}.",
                where=f"experiments.{key}.lecture",
                remedy=f"Choose one of: {', '.join(known)}.",
            )


def evaluated(
    config: Config, known: dict[str, Lecture], device: torch.device
) -> Iterator[tuple[str, Evaluated]]:
    """Measure each variant of the pipeline, and write its files."""
    results, variants = config.results, [*config.variants()]
    progress = console.Progress("evaluate", total=len(variants))
    for variant in variants:
        lecture, place = known[variant.lecture], (variant.experiment, variant.variant)
        one = evaluate(variant, config, device, variant.samples or lecture.samples)
        files.write_json(results.evaluation(*place), one.report)
        files.write_json(results.score(*place), scores.flat(one.report, lecture.headline))
        if one.measured.samples:
            files.write_json(results.samples(*place), one.measured.samples)
        progress.step(f"{variant.name}: {console.brief(one.report['mean'])}")
        yield variant.name, one
    progress.close()


def baselines(config: Config, device: torch.device) -> dict[str, Evaluated]:
    """Return the lectures' own baselines on the datasets of a pipeline that goes beyond them."""
    if config.pipeline == "lectures":
        return {}
    datasets = {variant.dataset for variant in config.variants()}
    root = params.load()
    return {
        variant.name: evaluate(variant, root, device)
        for variant in root.variants()
        if isinstance(variant.training, Fit) and variant.dataset in datasets
    }


def counterparts(own: dict[str, Evaluated], known: dict[str, Lecture]) -> Reports:
    """Return evaluations of lecture variants whose held-out variants are in this pipeline."""
    wanted = (known[one.variant.lecture].counterpart(name) for name, one in own.items())
    places = {name: name.split("/") for name in wanted if name and name not in own}
    root = paths.PIPELINES["lectures"]
    found = {name: root.evaluation(*place) for name, place in places.items()}
    return {name: files.read_json(path) for name, path in found.items() if path.is_file()}


if __name__ == "__main__":
    console.run(main)
