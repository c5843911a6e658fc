"""What a training depends on, as one hash: its name, parameters, input files and code."""

import hashlib
import json
import operator
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from recurrent.experiments import Experiment

PIPELINE = Path("dvc.yaml")
PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


def fingerprint(name: str, experiment: Experiment) -> str:
    """The hash of all that DVC tracks for this training, so that the two never disagree."""
    content: dict[str, Any] = {
        "name": name,  # the seeds of its weights derive from it
        "parameters": experiment.model_dump(mode="json"),
        "files": {path.as_posix(): digest(path) for path in dependencies(name, experiment)},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def dependencies(name: str, experiment: Experiment) -> Iterator[Path]:
    """Every file of the train stage's deps in dvc.yaml, its placeholders filled in."""
    for dependency in declared(PIPELINE.read_text(encoding="utf-8")):
        dependency = PLACEHOLDER.sub(lambda found: filled(found[1], name, experiment), dependency)
        path = Path(dependency)
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in inside if file.is_file() and "__pycache__" not in file.parts)


@cache
def declared(pipeline: str) -> list[str]:
    """The train stage's deps as dvc.yaml's text has them; parsed once for all trainings."""
    return list(YAML(typ="safe").load(pipeline)["stages"]["train"]["do"]["deps"])


def filled(expression: str, name: str, experiment: Experiment) -> str:
    """`key`, or a value of the experiment as `item.model.module`."""
    if expression == "key":
        return name
    return str(operator.attrgetter(expression.removeprefix("item."))(experiment))


def digest(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
