"""Stage: every trained model on what its dataset holds out; the scores, the replication table."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from stages import cli, files, params, paths
from stages.evaluation import (
    classification,
    language,
    lectures,
    replication,
    restoration,
    spelling,
)
from stages.evaluation.aggregate import rounded
from stages.evaluation.measured import Measured
from stages.evaluation.paired import against_baselines
from stages.models import contract
from stages.params import Params, Samples
from stages.probes.foresight import answers_by_prefix, looks_ahead
from stages.tasks.contract import Task, load
from stages.training.device import prepare


class Kind(NamedTuple):
    """How a task is measured."""

    measured: Callable[..., Measured]
    predicts: bool  # what comes next: a model must not have seen it, and can write on


KINDS = {
    "classify": Kind(classification.measured, predicts=False),
    "next_character": Kind(language.measured, predicts=True),
    "restore": Kind(restoration.measured, predicts=False),
}


def main() -> None:
    """Evaluate all experiments of params.yaml in one process."""
    settings = params.load()
    for folder in (paths.EVALUATIONS, paths.SAMPLES):
        shutil.rmtree(folder, ignore_errors=True)
    known = lectures.load()
    measured: dict[str, Measured] = {}
    progress = cli.Progress("evaluate", total=len(settings.experiments))
    for name, experiment in settings.experiments.items():
        lecture = known.get(experiment.lecture)
        samples = experiment.samples or (lecture.samples if lecture else None)
        measured[name] = found = measure(name, settings, samples)
        if found.samples:
            files.write_json(paths.samples(name), found.samples)
        progress.step(f"{name}: {cli.brief(found.report['mean'])}")
    progress.close()
    for name, against in against_baselines(settings, measured).items():
        measured[name].report["against"] = rounded(against)
    evaluations = {name: found.report for name, found in measured.items()}
    for name, evaluation in evaluations.items():
        files.write_json(paths.evaluation(name), evaluation)
    files.write_json(paths.SCORES, scores(evaluations))
    lines = replication.table(known, settings, evaluations, paths.METRICS)
    table = pd.DataFrame(lines, dtype=object)  # counts stay counts beside empty fields
    files.write_text(paths.REPLICATION_TABLE, table.to_csv(index=False, lineterminator="\n"))
    if settings.runtime.tracking:
        tell_mlflow(settings)


def measure(name: str, settings: Params, samples: Samples | None) -> Measured:
    """One experiment, from each of its seeds, on the records that its dataset keeps for that."""
    experiment, folder = settings.experiments[name], paths.model(name)
    task = load(experiment.task)(paths.encoded(experiment.dataset), prepare(settings.runtime))
    spec = contract.read_spec(folder)
    kind, split = KINDS[experiment.task], task.data.measured
    words = spelling.words_of(paths.encoded(experiment.dataset))
    answers, in_view, written = {}, {}, {}
    for seed in experiment.seeds:
        model = contract.restore(spec, contract.seed_file(folder, seed)).to(task.device)
        if kind.predicts and looks_ahead(model):
            in_view[seed] = task.answers(model, split).log_probabilities
            records, answers[seed] = answers_by_prefix(model, task, split)
            continue
        records, answers[seed] = task.answers(model, split)
        if kind.predicts and samples:
            written[str(seed)] = write(model, task, samples, words)
    found = kind.measured(*spelling.in_characters(task.data, records, answers, words))
    if in_view:
        language.add_answers_in_view(found.report, in_view)
    if written:
        found.samples["by_seed"] = written
        earlier = files.read_json(folder / "samples.json")
        if any(earlier.values()):
            found.samples["while_training"] = earlier
    about = {
        "fingerprint": spec["fingerprint"],
        "dataset": experiment.dataset,
        "origin": task.about["origin"],
    }
    return replace(found, report=rounded({**about, **found.report}))


def write(
    model: contract.Model, task: Task, wanted: Samples, words: spelling.Words
) -> dict[str, str]:
    """What a model makes of each prefix, in characters whatever its symbols are."""
    read = {prefix: spelling.symbols(prefix, words) for prefix in wanted.prefixes}
    texts = task.samples(model, wanted.model_copy(update={"prefixes": (*read.values(),)}))
    return {prefix: spelling.spell(texts[symbols], words) for prefix, symbols in read.items()}


def scores(evaluations: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The held-out figures alone, for `dvc metrics show` and `dvc metrics diff`."""
    return {
        name: {
            **evaluation["mean"],
            **{f"{metric}_spread": value for metric, value in evaluation.get("spread", {}).items()},
            **{f"{metric}_together": v for metric, v in evaluation.get("together", {}).items()},
        }
        for name, evaluation in evaluations.items()
        if evaluation["protocol"] == "held-out"
    }


def tell_mlflow(settings: Params) -> None:
    """Bring MLflow up to date; if that fails the pipeline has not."""
    from stages.tracking.publish import publish_or_warn

    publish_or_warn(settings)


if __name__ == "__main__":
    cli.run(main)
