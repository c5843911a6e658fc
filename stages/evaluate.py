"""Stage: every trained model on text it never saw; the scores, and the replication table."""

import shutil
from typing import Any

import numpy as np
import pandas as pd

from stages import cli, files, params, paths
from stages.evaluation import lectures, replication
from stages.evaluation.aggregate import over_seeds, rounded
from stages.evaluation.classification import (
    by_class,
    calibration,
    confusion,
    is_right,
    measure,
    samples,
)
from stages.evaluation.paired import Right, against_baselines
from stages.models import contract
from stages.params import Params
from stages.training.device import prepare
from stages.training.tasks import Classify


def main() -> None:
    """Evaluate all experiments of params.yaml in one process."""
    settings = params.load()
    for folder in (paths.EVALUATIONS, paths.SAMPLES):
        shutil.rmtree(folder, ignore_errors=True)
    evaluations: dict[str, dict[str, Any]] = {}
    right: dict[str, Right] = {}
    together: dict[str, Right] = {}
    progress = cli.Progress("evaluate", total=len(settings.experiments))
    for name, experiment in settings.experiments.items():
        evaluations[name] = evaluation = EVALUATE[experiment.task](name, settings)
        right[name] = evaluation.pop("right")
        if len(experiment.seeds) > 1:
            together[name] = evaluation.pop("right_together")
        files.write_json(paths.samples(name), evaluation.pop("samples"))
        progress.step(f"{name}: {cli.brief(evaluations[name]['mean'])}")
    progress.close()
    for name, against in against_baselines(settings, right, together).items():
        evaluations[name]["against"] = rounded(against)
    for name, evaluation in evaluations.items():
        files.write_json(paths.evaluation(name), evaluation)
    files.write_json(paths.SCORES, scores(evaluations))
    lines = replication.table(lectures.load(), settings, evaluations, paths.METRICS)
    table = pd.DataFrame(lines, dtype=object)  # counts stay counts beside empty fields
    files.write_text(paths.REPLICATION_TABLE, table.to_csv(index=False, lineterminator="\n"))
    if settings.runtime.tracking:
        tell_mlflow(settings)


def classify(name: str, settings: Params) -> dict[str, Any]:
    """A classifier on its dataset's test records, from each seed."""
    experiment = settings.experiments[name]
    task = Classify(paths.encoded(experiment.dataset), prepare(settings.runtime))
    spec = contract.read_spec(paths.model(name))
    rows = task.data.splits["test"]
    labels, classes = task.data.labels[rows], task.about["classes"]
    answers = {}
    for seed in experiment.seeds:
        model = contract.restore(spec, contract.seed_file(paths.model(name), seed))
        answers[seed] = np.exp(task.log_probabilities(model.to(task.device), "test"))
    by_seed = {seed: measure(found, labels) for seed, found in answers.items()}
    first = answers[experiment.seeds[0]]
    averaged = np.mean([*answers.values()], axis=0)
    evaluation: dict[str, Any] = rounded(
        {
            "fingerprint": spec["fingerprint"],
            "dataset": experiment.dataset,
            "origin": task.about["origin"],
            "names": len(rows),
            "floor": task.data.floor("test"),
            "by_seed": by_seed,
            **over_seeds(by_seed),
            "first_seed": {
                "by_class": by_class(first, labels, classes),
                "confusion": confusion(first, labels, classes),
                "calibration": calibration(first, labels),
            },
            "samples": samples(first, labels, [task.data.name(row) for row in rows], classes),
        }
    )
    evaluation["right"] = np.mean([is_right(found, labels) for found in answers.values()], axis=0)
    if len(answers) > 1:  # the seeds as one classifier, as `predict` has them
        evaluation["together"] = rounded(measure(averaged, labels))
        evaluation["right_together"] = is_right(averaged, labels)
    return evaluation


def scores(evaluations: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The headline figures alone, for `dvc metrics show` and `dvc metrics diff`."""
    return {
        name: {
            **evaluation["mean"],
            **{f"{metric}_spread": value for metric, value in evaluation.get("spread", {}).items()},
            **{f"{metric}_together": v for metric, v in evaluation.get("together", {}).items()},
        }
        for name, evaluation in evaluations.items()
    }


def tell_mlflow(settings: Params) -> None:
    """Bring MLflow up to date; if that fails the pipeline has not."""
    from stages.tracking.publish import publish_or_warn

    publish_or_warn(settings)


EVALUATE = {"classify": classify}

if __name__ == "__main__":
    cli.run(main)
