"""`recurrent try`: change an experiment, train and evaluate it alone, and compare its scores."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from recurrent.commands import clone, repro
from recurrent.commands.lookup import find, refuse_unknown_lectures
from recurrent.common import files, paths
from recurrent.common.config import Config, Variant, load
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.report.numbers import difference, number
from recurrent.report.terminal import show
from recurrent.report.views import Cell, Table


def main(experiment: str, changes: Sequence[str] = (), workers: int | None = None) -> None:
    """Apply `key=value` changes to the parameter file, rebuild the experiment, show its scores."""
    settings, variant = find(experiment)
    if variant.experiment != experiment:
        raise PipelineError(
            "this is a variant, and `recurrent try` takes an experiment.",
            where=experiment,
            remedy="Name its experiment.",
        )
    file = paths.BEYOND_PARAMS if settings.pipeline == "beyond" else paths.PARAMS
    if changes:
        edit(file, settings.pipeline, experiment, changes)
    try:
        repro.main(workers, experiments=[experiment])
    finally:
        if changes:
            note(f"{file} is changed. To undo: git restore {file} && recurrent try {experiment}")
    show(compare_scores(load(settings.pipeline), experiment), Console())


def edit(file: Path, pipeline: str, experiment: str, changes: Sequence[str]) -> None:
    """Set values of an experiment in a parameter file; restore the file if they are invalid."""

    def change(values: Any) -> None:
        for one in changes:
            key, equals, text = one.partition("=")
            if not (key and equals):
                raise PipelineError(f"expected KEY=VALUE, got {one!r}.", where="-S")
            assign(values["experiments"][experiment], key, parse_yaml(text))

    before = file.read_bytes()
    try:
        clone.edit(file, change)
        refuse_unknown_lectures([load(pipeline)])
    except PipelineError:
        files.write_bytes(file, before)
        raise


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


def compare_scores(settings: Config, experiment: str) -> Table:
    """Return each variant's scores beside those of the last commit."""
    rows = [
        tuple(cells)
        for variant in settings.variants(experiment)
        for cells in score_cells(settings, variant)
    ]
    head = ("variant", "metric", "last commit", "now", "difference")
    return Table(f"{experiment}: scores now and in the last commit", head, tuple(rows))


def score_cells(settings: Config, variant: Variant) -> Iterator[tuple[Cell, ...]]:
    """Yield the cells of each metric of a variant."""
    path = settings.results.score(variant.experiment, variant.variant)
    now, before = files.read_json(path), read_committed_scores(path)
    for metric, value in now.items():
        old = before.get(metric)
        yield (
            Cell(variant.variant, "code"),
            Cell(metric),
            Cell("" if old is None else number(old), "number"),
            Cell(number(value), "number"),
            Cell("" if old is None else difference(value - old), "number"),
        )


def read_committed_scores(path: Path) -> dict[str, float]:
    """Return the scores that a file had in the last commit; none if it was not there."""
    command = ["git", "show", f"HEAD:./{path.as_posix()}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {}
    found: dict[str, float] = parse_yaml(done.stdout)
    return found
