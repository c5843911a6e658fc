"""Evaluations in the run store: one is computed once, in a worker or in the evaluate stage.

An evaluation is found by a hash of everything that it depends on: the trained files themselves, the
variant, the encoded data, the code that measures, and the arithmetic.
"""

import shutil
from collections.abc import Sequence

from recurrent.common import files, paths
from recurrent.common.config import Config, Variant
from recurrent.common.paths import Results
from recurrent.evaluation import evaluation
from recurrent.evaluation.scores import flat
from recurrent.evaluation.trained import Trained
from recurrent.training.fingerprint import (
    code_digest,
    data_digest,
    describe_arithmetic,
    digest,
    library_versions,
)
from recurrent.training.store import RunStore


def fingerprint(variant: Variant, config: Config, trained: Trained) -> str:
    """Return the key of a variant's evaluation in the run store."""
    vectors = config.embedded.get(variant.dataset)
    content = {
        "variant": variant.model_dump(mode="json", exclude={"title"}),
        "dataset": [
            vectors.dataset if vectors else variant.dataset,
            config.encoding(variant.dataset).corpus,
        ],
        "data": data_digest(paths.encoded(variant.dataset)),
        "spec": trained.spec,
        "weights": trained.checksums(),
        "written": trained.written,
        "code": code_digest(
            (
                "recurrent.evaluation.variants",
                f"recurrent.models.{variant.model.module}",
                f"recurrent.tasks.{variant.task}",
                "recurrent.training.determinism",
            )
        ),
        "arithmetic": [*describe_arithmetic(config.runtime), *library_versions("fit")],
    }
    return digest(content)


def evaluate_into_store(variant: Variant, config: Config, trained: Trained, store: RunStore) -> str:
    """Evaluate a variant unless the store has its evaluation; return its key."""
    key = fingerprint(variant, config, trained)
    if store.finished(key):
        return key
    from recurrent.evaluation.variants import evaluate  # imports torch
    from recurrent.training.determinism import prepare

    with store.filling(key, f"evaluation of {variant.name}") as folder:
        if not store.finished(key):  # by the process that this one waited for
            evaluate(variant, config, prepare(config.runtime), trained).save(folder)
            about = {
                "experiment": variant.experiment,
                "variant": variant.variant,
                "weights": [*trained.checksums().values()],
            }
            store.finish(key, about, evaluation.FILES)
    return key


def collect(variants: Sequence[tuple[Variant, str]], results: Results, store: RunStore) -> None:
    """Write the outputs of an experiment's evaluate stage, given the keys of its evaluations."""
    experiment = variants[0][0].experiment
    for path in (results.evaluation, results.score):
        folder = path(experiment, "x").parent
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for variant, key in variants:
        place, name = store.place(key), (experiment, variant.variant)
        report, samples = (
            files.read_json(place / file) for file in (evaluation.REPORT, evaluation.SAMPLES)
        )
        files.write_json(results.evaluation(*name), report)
        shutil.copyfile(place / evaluation.MERITS, results.merits(*name))
        files.write_json(results.score(*name), flat(report))
        if samples:
            files.write_json(results.samples(*name), samples)
