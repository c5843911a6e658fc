"""Save a trained variant as an MLflow model from code: without pickle, with all code it needs."""

import shutil
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from modulefinder import ModuleFinder
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pandas as pd
from mlflow import pyfunc
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

from recurrent.common import files

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
# The PyPI names of the packages that our code imports. A model pins those that it imports.
DISTRIBUTIONS = {
    "mlflow": ("mlflow",),
    "numpy": ("numpy",),
    "pandas": ("pandas",),
    "pydantic": ("pydantic",),
    "ruamel": ("ruamel.yaml",),
    "safetensors": ("safetensors",),
    "scipy": ("scipy",),
    "sklearn": ("scikit-learn",),
    "torch": ("torch",),
    "xgboost": ("xgboost-cpu", "xgboost"),  # whichever is installed
}


class Interface(NamedTuple):
    """The signature of a model, and an example of its input and parameters."""

    signature: ModelSignature
    example: pd.DataFrame
    params: Mapping[str, Any] | None = None

    def request(self) -> dict[str, Any]:
        """Return the example as the body of a request to a server."""
        body: dict[str, Any] = {"dataframe_records": self.example.to_dict("records")}
        return body | ({"params": dict(self.params)} if self.params else {})


def classify(spec: Mapping[str, Any]) -> Interface:
    """Return the interface of a classifier of names."""
    classes: list[str] = spec["about"]["classes"]
    outputs = Schema([text("label"), number("probability"), *map(number, classes), text("unknown")])
    example = pd.DataFrame({"name": ["王小红", "李建国"]})
    return Interface(ModelSignature(Schema([text("name")]), outputs), example)


def next_token(spec: Mapping[str, Any]) -> Interface:
    """Return the interface of a language model."""
    params = {"length": 40, "temperature": 0.0, "seed": 0}
    types = (DataType.long, DataType.double, DataType.long)
    signature = ModelSignature(
        Schema([text("prefix")]),
        Schema([text("continuation"), number("nats_per_character")]),
        ParamSchema(
            [
                ParamSpec(name, kind, default)
                for (name, default), kind in zip(params.items(), types, strict=True)
            ]
        ),
    )
    letters = [c for c in spec["about"]["vocabulary"] if c.isalpha()]
    letters = [c for c in letters if not c.isascii()] or letters
    prefix = "".join(letters[: min(spec["about"]["window"], 8)])
    return Interface(signature, pd.DataFrame({"prefix": [prefix]}), {**params, "temperature": 0.8})


def regress(spec: Mapping[str, Any]) -> Interface:
    """Return the interface of a model of sales."""
    columns = dict(
        name.split("=", 1) for name in spec["about"]["vocabulary"]
    )  # the last level of each
    inputs = Schema([text(name) for name in columns])
    return Interface(ModelSignature(inputs, Schema([number("value")])), pd.DataFrame([columns]))


def text(name: str) -> ColSpec:
    """Return a column of text."""
    return ColSpec(DataType.string, name)


def number(name: str) -> ColSpec:
    """Return a column of numbers; values may be missing."""
    return ColSpec(DataType.double, name, required=False)


INTERFACES: dict[str, Callable[[Mapping[str, Any]], Interface]] = {
    "classify": classify,
    "next_token": next_token,
    "regress": regress,
}


def save(
    network: Path, target: Path, task: str, words: Path | None = None, model: Model | None = None
) -> Interface:
    """Write the MLflow model of a variant to an empty folder; return its interface.

    `network` is the folder of the spec and the weights; `words` is the file of the words that
    symbols stand for, if any; `model` is MLflow's record of the model.
    """
    spec = files.read_json(network / "spec.json")
    interface = INTERFACES[task](spec)
    signature, example, params = interface
    script = HERE / f"pyfunc_{task}.py"
    with TemporaryDirectory() as folder:
        # MLflow reads a path as a URI, so copy everything to a folder without `%` or `#`.
        place = Path(folder)
        artifacts = {"network": place / "network"}
        shutil.copytree(network, artifacts["network"], copy_function=shutil.copyfile)
        if words:
            artifacts["words"] = place / "words.json"
            shutil.copyfile(words, artifacts["words"])
        for file in all_code():
            copied = place / file.relative_to(ROOT)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copied)
        pyfunc.save_model(
            path=str(target),
            python_model=str(place / script.relative_to(ROOT)),
            code_paths=[str(place / "recurrent")],
            artifacts={name: str(path) for name, path in artifacts.items()},
            signature=signature,
            input_example=(example, dict(params)) if params else example,
            pip_requirements=requirements(task, spec["module"]),
            mlflow_model=model,
        )
    return interface


@cache
def all_code() -> frozenset[Path]:
    """Return the code files of all tasks and networks.

    Every model carries all of them: a process that loads several models imports `recurrent` only
    from the first one.
    """
    models = sorted(path.stem for path in (ROOT / "recurrent/models").glob("[a-z]*.py"))
    ours, _ = imported(
        *(f"recurrent.serving.pyfunc_{task}" for task in INTERFACES),
        *(f"recurrent.models.{module}" for module in models),
    )
    return ours


@cache
def requirements(task: str, module: str) -> list[str]:
    """Return the third-party packages that a model imports, pinned to the installed versions."""
    _, packages = imported(f"recurrent.serving.pyfunc_{task}", f"recurrent.models.{module}")
    return [requirement(package) for package in sorted(packages)]


def imported(*modules: str) -> tuple[frozenset[Path], set[str]]:
    """Return the files of ours and the third-party packages that these modules import, late
    imports included.
    """
    finder = ModuleFinder(path=[str(ROOT)])
    for module in modules:
        finder.import_hook(module)
    files_of = (vars(module)["__file__"] for module in finder.modules.values())
    ours = frozenset(Path(file) for file in files_of if file)
    others = {name.partition(".")[0] for name in finder.badmodules}
    return ours, others - sys.stdlib_module_names - {"recurrent"}


def requirement(package: str) -> str:
    """Return a package pinned to its version, without a local label such as +cpu."""
    for distribution in DISTRIBUTIONS[package]:
        try:
            return f"{distribution}=={version(distribution).partition('+')[0]}"
        except PackageNotFoundError:
            continue
    raise PackageNotFoundError(package)
