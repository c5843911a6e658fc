"""`recurrent try`: change an experiment, train and evaluate it alone, and compare its scores."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from recurrent.commands import clone, jobs, repro
from recurrent.commands.lookup import (
    find,
    parameter_file,
    plan_if_encoded,
    refuse_unknown_lectures,
    refuse_wrong_model,
)
from recurrent.common import files, paths
from recurrent.common.config import Config, Variant, load
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.common.locking import REPRO, locked
from recurrent.evaluation import evaluation, stored
from recurrent.evaluation.scores import flat
from recurrent.evaluation.trained import Trained
from recurrent.report.numbers import difference, number
from recurrent.report.terminal import show
from recurrent.report.views import Cell, Table, table
from recurrent.training.store import RunStore

Scores = Mapping[str, float]
Failures = dict[str, PipelineError]  # by the variant that cannot be trained
DATASETS = "datasets."


def main(experiment: str, changes: Sequence[str] = (), workers: int | None = None) -> None:
    """Apply `key=value` changes to the parameter files, rebuild the experiment, show its scores.

    The table marks variants that cannot be trained, for example because the loss explodes.
    """
    settings, variant = find(experiment)
    if variant.experiment != experiment:
        raise PipelineError(
            "this is a variant, but `recurrent try` takes an experiment.",
            where=experiment,
            remedy="Name its experiment.",
        )
    changed = " ".join(map(str, edit(settings, experiment, changes)))
    settings = load(settings.pipeline)
    failures: Failures = {}
    try:
        repro.main(workers, show=False, experiments=[experiment])
    except PipelineError as fault:
        failures = train_others(settings, experiment, workers, fault)
    finally:
        if changed:
            undo = f"git restore {changed} && recurrent try {experiment}"
            note(f"{changed} is changed. To undo: {undo}")
    show(compare_scores(settings, experiment, failures), Console())
    if failures:
        for why in failures.values():
            note(f"error: {why}")
        note(
            f"data/ and metrics/ keep the earlier results of {experiment}: DVC needs all variants."
        )
        sys.exit(1)


def edit(settings: Config, experiment: str, changes: Sequence[str]) -> list[Path]:
    """Set values of an experiment or of its datasets; return the files that are changed.

    The files stay as they were if a value is invalid.
    """
    wanted: dict[Path, list[tuple[str, Any]]] = {}
    for one in changes:
        key, equals, text = one.partition("=")
        if not (key and equals):
            raise PipelineError(f"expected KEY=VALUE, got {one!r}.", where="-S")
        if key.startswith(DATASETS):
            refuse_other_dataset(settings, experiment, key)
        file = paths.PARAMS if key.startswith(DATASETS) else parameter_file(settings)
        wanted.setdefault(file, []).append((key, parse_yaml(text)))

    def change(values: Any) -> None:
        for key, value in wanted[file]:
            section = values if key.startswith(DATASETS) else values["experiments"][experiment]
            assign(section, key, value)

    before = {file: file.read_bytes() for file in wanted}
    try:
        for file in wanted:
            clone.edit(file, change)
        changed = load(settings.pipeline)
        refuse_unknown_lectures([changed])
        for variant in changed.variants(experiment):
            refuse_wrong_model(variant)
    except PipelineError:
        for file, content in before.items():
            files.write_bytes(file, content)
        raise
    return [*wanted]


def refuse_other_dataset(settings: Config, experiment: str, key: str) -> None:
    """Refuse to change a dataset that the experiment does not use."""
    used = jobs.datasets_of({experiment: settings})
    if key.split(".")[1] not in used:
        raise PipelineError(
            f"{experiment} does not use this dataset.",
            where=f"-S {key}",
            remedy=f"Choose one of: {', '.join(DATASETS + name for name in used)}.",
        )


def parse_yaml(text: str) -> Any:
    """Return a value as YAML reads it."""
    try:
        return YAML().load(text)  # keeps the style of lists and maps
    except YAMLError as fault:
        raise PipelineError(
            f"{text!r} is not a YAML value.", where="-S", remedy="Quote it, or correct it."
        ) from fault


def assign(values: Any, key: str, value: Any) -> None:
    """Set the value of a dotted key; create missing maps."""
    *parents, last = key.split(".")
    for part in parents:
        if values.get(part) is None:
            values[part] = {}
        values = values[part]
        if not isinstance(values, Mapping):
            raise PipelineError(
                f"{part} is not a map.", where=f"-S {key}", remedy="Name a key inside a map."
            )
    values[last] = value


def train_others(
    settings: Config, experiment: str, workers: int | None, fault: PipelineError
) -> Failures:
    """Train and evaluate the variants that can be; return why the others cannot.

    `fault` is what stopped the first one. An error that is not of one variant is raised.
    """
    variant_of = {str(run): run.variant.variant for run in plan_if_encoded(settings, experiment)}
    failures: Failures = {}
    while True:
        if fault.where not in variant_of:
            raise fault
        failures[variant_of[fault.where]] = fault
        others = without(settings, experiment, failures)
        if others is None:
            return failures
        note("continuing with the other variants")
        try:
            with locked("recurrent repro", REPRO):
                repro.fill_store([others], workers, [experiment])
            return failures
        except PipelineError as another:
            fault = another


def without(settings: Config, experiment: str, failures: Failures) -> Config | None:
    """Return the settings without some variants of an experiment; None if it has no others."""
    chosen = settings.experiments[experiment]
    variants = {name: one for name, one in chosen.variants.items() if name not in failures}
    kept = chosen.model_copy(update={"variants": variants})
    experiments = {**settings.experiments, experiment: kept}
    return settings.model_copy(update={"experiments": experiments}) if variants else None


def compare_scores(settings: Config, experiment: str, failures: Failures) -> Table:
    """Compare each variant's scores with the last commit, and list what else changed."""
    committed = load_committed(settings.pipeline)
    scores = read_stored_scores(settings, experiment, failures) if failures else {}
    rows = []
    for variant in settings.variants(experiment):
        path = settings.results.score(experiment, variant.variant)
        before = read_committed_scores(path)
        now = scores.get(variant.variant) if failures else files.read_json(path)
        others = Cell(", ".join(other_changes(settings, variant, committed)))
        rows += [(*cells, others) for cells in score_cells(variant.variant, before, now)]
    head = ("variant", "metric", "last commit", "now", "difference", "also changed")
    title = f"{experiment}: scores now and in the last commit"
    return table(title, head, rows) or Table(title, (), ())


def score_cells(variant: str, before: Scores, now: Scores | None) -> Iterator[tuple[Cell, ...]]:
    """Yield the cells of each metric of a variant; `now` is None if it could not be trained."""
    for metric in now or before or ("",):
        if metric == "bayes":  # the best possible loss: a property of the data
            continue
        old, new = before.get(metric), None if now is None else now[metric]
        change = None if old is None or new is None else new - old
        yield (
            Cell(variant, "code"),
            Cell(metric),
            Cell(number(old), "number"),
            Cell("failed" if now is None else number(new), "number"),
            Cell("" if change is None else difference(change), "number"),
        )


def other_changes(settings: Config, variant: Variant, committed: Config | None) -> Iterator[str]:
    """Yield the changes that make scores hard to compare: other epochs or data."""
    if committed is None:
        return
    try:
        before = committed.find(variant.name)
    except PipelineError:  # the last commit lacks this variant
        return
    if before.training.epochs != variant.training.epochs:
        yield f"epochs ({before.training.epochs} → {variant.training.epochs})"
    if committed.encoding(before.dataset) != settings.encoding(variant.dataset):
        yield "dataset"


def read_stored_scores(settings: Config, experiment: str, failures: Failures) -> dict[str, Scores]:
    """Return the scores of the variants that could be trained, from the run store."""
    store, found = RunStore(), dict[str, Scores]()
    planned = plan_if_encoded(settings, experiment)
    for variant in settings.variants(experiment):
        if variant.variant in failures:
            continue
        trained = Trained.in_store([run for run in planned if run.variant == variant], store)
        key = stored.fingerprint(variant, settings, trained)
        found[variant.variant] = flat(files.read_json(store.place(key) / evaluation.REPORT))
    return found


def read_committed_scores(path: Path) -> Scores:
    """Return the scores that a file had in the last commit; none if it was not there."""
    text = read_committed(path)
    return {} if text is None else parse_yaml(text)


def load_committed(pipeline: str) -> Config | None:
    """Return the settings of the last commit; None if there are none, or of another format."""
    with TemporaryDirectory() as folder:
        for path in (paths.PARAMS, paths.BEYOND_PARAMS):
            text = read_committed(path)
            if text is not None:
                files.write_text(Path(folder) / path, text)
        try:
            return load(pipeline, Path(folder))
        except PipelineError:
            return None


def read_committed(path: Path) -> str | None:
    """Return the text that a file had in the last commit; None if it was not there."""
    command = ["git", "show", f"HEAD:./{path.as_posix()}"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return None if done.returncode else done.stdout
