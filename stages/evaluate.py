"""Stage: every trained model on what its dataset holds out; the scores, the replication table."""

import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recurrent import config as params
from recurrent import console as cli
from recurrent import files, paths
from recurrent.config import Params
from recurrent.data.words import spelling
from recurrent.errors import PipelineError
from recurrent.evaluation import (
    classification,
    language,
    lectures,
    regression,
    replication,
    restoration,
)
from recurrent.evaluation.aggregate import rounded
from recurrent.evaluation.foresight import answers_by_prefix, answers_in_view, looks_ahead
from recurrent.evaluation.measured import Measured
from recurrent.evaluation.paired import against_baselines
from recurrent.experiments import Descent, Experiment, Samples
from recurrent.models import base as contract
from recurrent.tasks.base import Answers, Task, load
from recurrent.training.determinism import prepare

Ask = Callable[[contract.Model, Task, str], Answers]


class Kind(NamedTuple):
    """How a task is measured."""

    measured: Callable[..., Measured]
    predicts: bool  # what comes next: a model must not have seen it, and can write on


KINDS = {
    "classify": Kind(classification.measured, predicts=False),
    "next_character": Kind(language.measured, predicts=True),
    "regress": Kind(regression.measured, predicts=False),
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
    rivals = {name: other for lecture in known.values() for name, other in lecture.rivals.items()}
    for name, against in against_baselines(settings, measured, rivals).items():
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
    encoded = paths.encoded(experiment.dataset)
    task = load(experiment.task)(encoded, prepare(settings.runtime))
    spec = contract.read_spec(folder)
    models = {
        seed: contract.restore(spec, contract.seed_file(folder, seed)).to(task.device)
        for seed in spec["seeds"]
    }
    kind = kind_of(experiment.task)
    words = spelling.words_of(encoded) if kind.predicts else {}
    measured = partial(kind.measured, words=words) if words else kind.measured

    if (
        kind.predicts
        and task.about["targets"] == "every"
        and any(map(looks_ahead, models.values()))
    ):
        found = measured(task.data, *collect(answers_by_prefix, models, task, experiment))
        seen = measured(task.data, *collect(answers_in_view, models, task, experiment))
        language.by_prefix(found.report, seen.report)
    else:
        found = measured(task.data, *collect(task_answers, models, task, experiment))
        if kind.predicts and samples:
            found.samples.update(written(models, task, samples, words, folder))
    refuse_no_numbers(name, found.report["mean"])
    about = {
        "fingerprint": spec["fingerprint"],
        "dataset": experiment.dataset,
        "origin": task.about["origin"],
    }
    return replace(found, report=rounded({**about, **found.report}))


def refuse_no_numbers(name: str, scores: Mapping[str, object]) -> None:
    """Weights may be finite, and what they answer to records that trained nothing is not."""
    wrong = [
        key
        for key, value in scores.items()
        if isinstance(value, float) and not math.isfinite(value)
    ]
    if wrong:
        raise PipelineError(
            f"{' and '.join(wrong)} on its held-out records is no number.",
            where=name,
            remedy="Lower its rate, or set clip_norm, and train it again.",
        )


def kind_of(task: str) -> Kind:
    """How a task is measured."""
    if task not in KINDS:
        raise PipelineError(
            f"nothing says how the task {task!r} is measured.",
            where="stages/evaluate.py",
            remedy="Give it a line in KINDS.",
        )
    return KINDS[task]


def collect(
    ask: Ask, models: Mapping[int, contract.Model], task: Task, experiment: Experiment
) -> tuple[NDArray[np.int32], dict[int, NDArray[np.float64]]]:
    """The records that are measured on, and what the model of each seed says of them."""
    split, answers = task.data.measured, {}
    for seed, model in models.items():
        records, answers[seed] = ask(model, task, split)
    training, predicts = experiment.training, kind_of(experiment.task).predicts
    if split == "train" and predicts and isinstance(training, Descent):
        # A row that does not fill its last window leaves text over: no batch ever had it.
        begins = np.concatenate(task.batches("train", training.batch))
        trained = (begins[:, None] + np.arange(1, task.data.steps + 1)).ravel()
        kept = np.isin(records, trained)
        records, answers = records[kept], {seed: a[kept] for seed, a in answers.items()}
    return records, answers


def task_answers(model: contract.Model, task: Task, split: str) -> Answers:
    """As the task itself asks."""
    return task.answers(model, split)


def written(
    models: Mapping[int, contract.Model],
    task: Task,
    wanted: Samples,
    words: spelling.Words,
    folder: Path,
) -> dict[str, Any]:
    """What each seed makes of each prefix, and made while it trained: in characters."""
    read = {prefix: spelling.to_symbols(prefix, words) for prefix in wanted.prefixes}
    read = {p: symbols for p, symbols in read.items() if not task.data.vocabulary.unknown(symbols)}
    if not read:
        return {}
    known = wanted.model_copy(update={"prefixes": (*read.values(),)})
    by_seed = {}
    for seed, model in models.items():
        texts = task.samples(model, known)
        by_seed[str(seed)] = {p: spelling.to_text(texts[read[p]], words) for p in read}
    earlier = in_text(files.read_json(folder / "samples.json"), words)
    return {"by_seed": by_seed, **({"while_training": earlier} if any(earlier.values()) else {})}


def in_text(found: Any, words: spelling.Words) -> Any:
    """Every string of a nested value in characters."""
    if isinstance(found, dict):
        return {in_text(key, words): in_text(value, words) for key, value in found.items()}
    return spelling.to_text(found, words)


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
    from recurrent.tracking.publish import publish_or_warn

    publish_or_warn(settings)


if __name__ == "__main__":
    cli.run(main)
