"""Measure one trained variant on the split that its dataset sets aside for results."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from recurrent.common import paths
from recurrent.common.config import Config, Descent, Samples, Variant
from recurrent.common.errors import PipelineError
from recurrent.data.words import spelling
from recurrent.evaluation import classification, language, regression, restoration
from recurrent.evaluation.aggregate import over_seeds, rounded
from recurrent.evaluation.evaluation import Evaluation
from recurrent.evaluation.foresight import predict_by_prefix, predict_in_view, sees_ahead
from recurrent.evaluation.measured import Measured
from recurrent.evaluation.trained import Trained
from recurrent.models import base as models
from recurrent.models.base import Model
from recurrent.tasks import base as tasks
from recurrent.tasks.base import Predictions, Task
from recurrent.tasks.generation import greedy, sample

Ask = Callable[[Model, Task, str], Predictions]


class Kind(NamedTuple):
    """How the variants of a task are measured."""

    measure: Callable[..., Measured]
    predicts: bool  # the next token: a model must not see it, and can generate text


KINDS = {
    "classify": Kind(classification.measure, predicts=False),
    "next_token": Kind(language.measure, predicts=True),
    "regress": Kind(regression.measure, predicts=False),
    "restore": Kind(restoration.measure, predicts=False),
}


def evaluate(
    variant: Variant, config: Config, device: torch.device, trained: Trained
) -> Evaluation:
    """Measure all seeds of a variant; let a language model with `samples` generate text."""
    encoded = paths.encoded(variant.dataset)
    models.check_spec({**trained.spec, "seeds": [*trained.weights]}, variant.name)
    task = tasks.load(variant.task)(encoded, device)
    networks = {
        seed: models.restore(trained.spec, path).to(device)
        for seed, path in trained.weights.items()
    }
    kind = kind_of(variant.task)
    words = spelling.words_of(encoded) if kind.predicts else {}
    measure = partial(kind.measure, words=words) if words else kind.measure
    every = kind.predicts and task.about["targets"] == "every"
    if every and any(map(sees_ahead, networks.values())):
        by_prefix = measure(task.data, *collect(predict_by_prefix, networks, task, variant))
        in_view = measure(task.data, *collect(predict_in_view, networks, task, variant))
        found = language.by_prefix(by_prefix, in_view)
    else:
        found = measure(task.data, *collect(predict, networks, task, variant))
        if kind.predicts and variant.samples:
            found.samples.update(write(networks, task, variant.samples, words, trained.written))
    report = report_of(variant, found, task, config)
    return Evaluation(report, found.records, found.merit, found.ensemble_merit, found.samples)


def kind_of(task: str) -> Kind:
    """Return how a task is measured."""
    if task not in KINDS:
        raise PipelineError(
            f"evaluation does not know the task {task!r}.",
            where="recurrent/evaluation/variants.py",
            remedy="Add it to KINDS.",
        )
    return KINDS[task]


def predict(model: Model, task: Task, split: str) -> Predictions:
    """Predict as the task itself does."""
    return task.predictions(model, split)


def collect(
    ask: Ask, trained: Mapping[int, Model], task: Task, variant: Variant
) -> tuple[NDArray[np.int32], dict[int, NDArray[np.float64]]]:
    """Return the measured records, and what the model of each seed predicts for them."""
    split, found = task.data.measured, {}
    for seed, model in trained.items():
        records, found[seed] = ask(model, task, split)
    if (
        split == "train"
        and kind_of(variant.task).predicts
        and isinstance(variant.training, Descent)
    ):
        # The end of a row that fills no window was in no batch, so it trained nothing.
        starts = np.concatenate(task.batches("train", variant.training.batch_size))
        read = (starts[:, None] + np.arange(1, task.data.window + 1)).ravel()
        kept = np.isin(records, read)
        records, found = records[kept], {seed: one[kept] for seed, one in found.items()}
    return records, found


def write(
    trained: Mapping[int, Model],
    task: Task,
    wanted: Samples,
    words: spelling.Words,
    earlier: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the text of each seed after each prefix, and the text written during training.

    `by_seed` is generated greedily, as in the lectures, and `drawn` at a temperature.
    """
    read = {prefix: spelling.to_symbols(prefix, words) for prefix in wanted.prefixes}
    read = {p: symbols for p, symbols in read.items() if not task.data.vocabulary.unknown(symbols)}
    if not read:
        return {}
    known = wanted.model_copy(update={"prefixes": (*read.values(),)})
    by_seed: dict[str, dict[str, str]] = {}
    drawn: dict[str, dict[str, str]] = {}
    for seed, model in trained.items():
        for found, choose in ((by_seed, greedy), (drawn, sample(wanted.temperature, None, seed))):
            texts = task.samples(model, known, choose)
            found[str(seed)] = {p: spelling.to_text(texts[read[p]], words) for p in read}
    before = in_text(earlier, words)
    return {
        "by_seed": by_seed,
        "drawn": drawn,
        "temperature": wanted.temperature,
        **({"while_training": before} if any(before.values()) else {}),
    }


def in_text(found: Any, words: spelling.Words) -> Any:
    """Return a nested value with the words in its strings spelled out."""
    if isinstance(found, Mapping):
        return {in_text(key, words): in_text(value, words) for key, value in found.items()}
    return spelling.to_text(found, words)


def report_of(variant: Variant, measured: Measured, task: Task, config: Config) -> dict[str, Any]:
    """Return the content of a variant's evaluation file."""
    means, sds = over_seeds(measured.by_seed)
    refuse_nan(variant.name, means)
    split = task.data.measured
    return {
        "experiment": variant.experiment,
        "variant": variant.variant,
        "lecture": variant.lecture,
        "task": variant.task,
        "method": variant.training.method,
        "dataset": variant.dataset,
        "origin": task.about["origin"],
        "split": split,
        "records": name_records(variant, measured, split, config),
        "count": len(measured.records),
        "unit": measured.unit,
        "metric": measured.metric,
        "block": measured.block,
        "text": measured.text,
        "by_prefix": measured.by_prefix,
        "bayes": measured.bayes,
        "by_seed": {str(seed): rounded(found) for seed, found in measured.by_seed.items()},
        "mean": means,
        "sd": sds,
        "ensemble": rounded(measured.ensemble),
        **rounded(measured.details),
    }


def name_records(variant: Variant, measured: Measured, split: str, config: Config) -> str:
    """Return a readable name of the records, equal for variants measured on the same ones."""
    if measured.stretch is None or split == "train":
        embedded = config.embedded.get(variant.dataset)
        return f"{embedded.dataset if embedded else variant.dataset}, {split}"
    corpus = config.encoding(variant.dataset).corpus
    first, end, length = measured.stretch
    if end == length:
        return f"{corpus}, the last {end - first:,} of {length:,} characters"
    return f"{corpus}, characters {first + 1:,} to {end:,} of {length:,}"


def refuse_nan(name: str, scores: Mapping[str, float]) -> None:
    """Refuse a model with finite weights whose predictions are NaN or infinite."""
    wrong = [key for key, value in scores.items() if not math.isfinite(value)]
    if wrong:
        raise PipelineError(
            f"{' and '.join(wrong)} on the measured records is NaN or infinite.",
            where=name,
            remedy="Lower the learning rate, or set clip_norm, and train it again.",
        )
