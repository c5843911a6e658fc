"""dvc.yaml against the code: a stage depends on all that it imports, and on nothing unknown."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from recurrent import config as params
from recurrent.config import Experiment
from tests.pipeline.imports import ROOT, closure

DVC = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PARAMS = params.load(ROOT / "params.yaml")


def expand() -> dict[str, tuple[str, list[str], list[str]]]:
    """Stage by name: its module, the modules it loads by name, and its deps with keys filled in."""
    stages: dict[str, tuple[str, list[str], list[str]]] = {}
    for name, stage in DVC.items():
        body = stage.get("do", stage)
        module = module_of(body["cmd"])
        section = stage.get("foreach", "${}").removeprefix("${").removesuffix("}")
        items = getattr(PARAMS, section) if section else {"": None}
        for key, item in items.items():
            deps = [fill(dep, key, item) for dep in body["deps"]]
            by_name = loaded_by_name(name, item)
            stages[f"{name}@{key}" if key else name] = (module, by_name, deps)
    return stages


def module_of(command: str) -> str:
    """What `python -m` runs."""
    return command.partition("python -m ")[2].split()[0]


def fill(text: str, key: str, item: object) -> str:
    """`${key}` and `${item.…}` as DVC fills them in."""
    for part in text.split("${")[1:]:
        expression = part.split("}")[0]
        value: object = key
        if expression != "key":
            value = item
            for attribute in expression.split(".")[1:]:
                value = getattr(value, attribute)
        text = text.replace(f"${{{expression}}}", str(value))
    return text


def loaded_by_name(stage: str, item: object) -> list[str]:
    """What import_module brings in, which no import statement shows."""
    if isinstance(item, params.Corpus):
        return [f"recurrent.data.{item.module}"]
    if isinstance(item, params.Dataset):
        return [f"recurrent.data.{item.encoder}"]
    if isinstance(item, params.Demonstration):
        return [f"recurrent.studies.{item.module}"]
    if isinstance(item, Experiment):
        return [f"recurrent.models.{item.model.module}", f"recurrent.tasks.{item.task}"]
    if isinstance(item, params.Embedded):
        return [f"recurrent.models.{PARAMS.experiments[item.network].model.module}"]
    if stage in ("evaluate", "probe"):
        return [name for e in PARAMS.experiments.values() for name in loaded_by_name("train", e)]
    return []


def missing(stage: str, deps: list[str]) -> set[str]:
    """Files that the stage imports and no dependency covers."""
    module, by_name, _ = STAGES[stage]
    return {path for path in closure([module, *by_name]) if not covered(path, deps)}


def covered(path: str, deps: list[str]) -> bool:
    return any(path == dep or path.startswith(f"{dep}/") for dep in deps)


STAGES = expand()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_every_module_that_it_imports(stage: str) -> None:
    assert missing(stage, STAGES[stage][2]) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_on_code_is_imported_so_that_nothing_reruns_in_vain(stage: str) -> None:
    module, by_name, deps = STAGES[stage]
    files = closure([module, *by_name])
    code = [dep for dep in deps if dep.startswith("stages/")]
    # Of some corpora and not of others: one list serves them all.
    shared = {f"recurrent/data/{name}.py" for name in ("archive", "counting", "distinct", "text")}
    unused = {dep for dep in code if not any(covered(path, [dep]) for path in files)} - shared
    assert unused == set()


@pytest.mark.parametrize("stage", STAGES)
def test_removing_any_dependency_on_code_is_noticed(stage: str) -> None:
    module, by_name, deps = STAGES[stage]
    files = closure([module, *by_name])
    for dep in deps:
        if any(covered(path, [dep]) for path in files):
            assert missing(stage, [other for other in deps if other != dep]), dep


def test_code_is_loaded_by_name_only_where_this_test_knows_of_it() -> None:
    loading = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "stages").rglob("*.py")
        if "import_module" in path.read_text(encoding="utf-8")
    }
    packages = ("corpora", "demonstrations", "encoders", "models", "tasks")
    assert loading == {f"stages/{package}/contract.py" for package in packages}


def test_packages_below_stages_have_no_code_that_a_dependency_could_miss() -> None:
    for path in (ROOT / "stages").glob("*/**/__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert all(isinstance(node, ast.Expr) for node in body), path


def test_every_stage_says_what_it_is_for() -> None:
    assert all(stage.get("do", stage).get("desc") for stage in DVC.values())


@pytest.mark.parametrize("stage", DVC)
def test_an_output_is_either_in_git_or_ignored_by_it(stage: str) -> None:
    body = DVC[stage].get("do", DVC[stage])
    for kind in ("outs", "metrics", "plots"):
        for entry in body.get(kind, []):
            path, options = next(iter(entry.items())) if isinstance(entry, dict) else (entry, {})
            ignored = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)
            assert (ignored.returncode == 0) == options.get("cache", True), path


def test_runtime_settings_are_tracked_by_no_stage() -> None:
    for stage in DVC.values():
        tracked = stage.get("do", stage).get("params", [])
        assert not any(entry.startswith("runtime") for entry in tracked)


RULES = {  # package -> what it must never import, by who may know whom
    "recurrent/data": ("torch", "mlflow", "recurrent.models", "recurrent.training"),
    "recurrent/data": ("torch", "mlflow", "recurrent.models", "recurrent.training"),
    "recurrent/data": (
        "torch",
        "mlflow",
        "recurrent.models",
        "recurrent.training",
        "recurrent.tasks",
    ),
    "recurrent/models": ("mlflow", "recurrent.training", "recurrent.data", "recurrent.data"),
    "recurrent/tasks": ("mlflow",),
    "recurrent/training": ("mlflow",),
    "recurrent/studies": ("mlflow", "recurrent.models", "recurrent.training", "recurrent.data"),
    "recurrent/studies": ("mlflow", "recurrent.training", "recurrent.data"),
    "recurrent/evaluation": ("mlflow", "torch"),
    "recurrent/report": ("mlflow", "torch"),
}


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("package", RULES)
def test_a_package_knows_only_whom_it_may_know(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        for name in imports_of(path):
            forbidden = [rule for rule in RULES[package] if f"{name}.".startswith(f"{rule}.")]
            assert not forbidden, f"{path} imports {name}"


def test_a_family_of_models_never_imports_another() -> None:
    families = {path.stem for path in (ROOT / "recurrent/models").glob("*.py")} - {"contract"}
    for family in families - {"__init__"}:
        names = imports_of(ROOT / f"recurrent/models/{family}.py")
        assert not names & {f"recurrent.models.{other}" for other in families}


def test_packages_never_import_a_stage_module() -> None:
    stage_modules = {module_of(stage.get("do", stage)["cmd"]) for stage in DVC.values()}
    for path in (ROOT / "stages").rglob("*.py"):
        assert not imports_of(path) & stage_modules, path


def test_mlflow_is_imported_in_one_module() -> None:
    importing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "stages").rglob("*.py")
        if any(name.split(".")[0] == "mlflow" for name in imports_of(path))
    }
    assert importing == {"recurrent/tracking/mlflow_sink.py"}


LOADS_CODE = ("pickle", "joblib", "dill", "shelve", "marshal")


def test_nothing_that_is_read_can_run_code() -> None:
    for path in (ROOT / "stages").rglob("*.py"):
        assert not {name.split(".")[0] for name in imports_of(path)} & {*LOADS_CODE}, path
        text = path.read_text(encoding="utf-8")
        for call in ("torch.load", "read_pickle", "allow_pickle=True", "eval(", "exec("):
            assert not re.search(rf"(?<![\w.]){re.escape(call)}", text), (path, call)
