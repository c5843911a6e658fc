"""dvc.yaml against the code: a stage depends on all that it imports, and on nothing else."""

import ast
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from recurrent.common import config, paths
from recurrent.training.fingerprint import imported_files, imports
from tests.project import ROOT

PIPELINES = {"lectures": "dvc.yaml", "beyond": "beyond/dvc.yaml"}
CONFIGS = {pipeline: config.load(pipeline, ROOT) for pipeline in PIPELINES}
STAGES: dict[str, dict[str, Any]] = {
    pipeline: YAML(typ="safe").load((ROOT / file).read_text(encoding="utf-8"))["stages"]
    for pipeline, file in PIPELINES.items()
}
# Publishing to MLflow must not re-run anything.
EXEMPT = ("recurrent/commands/publish.py",)
# One list of deps serves every kind of corpus, dataset and experiment.
SHARED = ("recurrent/data/", "recurrent/models/fast.py", "recurrent/tasks/generation.py")


def entry_modules(pipeline: str, stage: str, body: Any, key: str, item: Any) -> list[str]:
    """The stage's module, and what it loads by name."""
    settings = CONFIGS[pipeline]
    module = body["cmd"].partition("python -m ")[2].split()[0]
    if stage in ("download", "clean"):
        return [module, f"recurrent.data.{item.kind}.clean"]
    if stage == "encode":
        return [module, f"recurrent.data.{item.kind}.encode"]
    if stage == "study":
        return [module, f"recurrent.studies.{item.module}"]
    if stage in ("train", "evaluate"):
        return [module, *loaded(settings.experiments[key])]
    if stage == "embed":
        return [module, *loaded(settings.experiments[item.experiment])[:1]]
    if stage == "examine":
        return [module, *(m for e in settings.experiments.values() for m in loaded(e))]
    return [module]


def loaded(experiment: config.Experiment) -> list[str]:
    """What an experiment's model and task are loaded from."""
    module = experiment.model["module"]
    return [f"recurrent.models.{module}", f"recurrent.tasks.{experiment.task}"]


def expand() -> dict[str, tuple[list[str], list[str]]]:
    """Stage by name: the modules that it starts from, and its deps with keys filled in."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for pipeline, stages in STAGES.items():
        for name, stage in stages.items():
            body = stage.get("do", stage)
            section = stage.get("foreach", "").removeprefix("${").removesuffix("}")
            items = getattr(CONFIGS[pipeline], section) if section else {"": None}
            for key, item in items.items():
                deps = [fill(dep, key, item) for dep in body["deps"]]
                modules = entry_modules(pipeline, name, body, key, item)
                found[f"{pipeline}: {name}@{key}" if key else f"{pipeline}: {name}"] = modules, deps
    return found


def fill(text: str, key: str, item: Any) -> str:
    """`${key}` and `${item.…}` as DVC fills them in."""
    text = text.replace("${key}", key)
    while "${" in text:
        expression = text.partition("${")[2].partition("}")[0]
        value = item
        for part in expression.split(".")[1:]:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        text = text.replace(f"${{{expression}}}", str(value))
    return text


def covered(path: str, deps: list[str]) -> bool:
    return any(path == dep or path.startswith(f"{dep}/") for dep in deps)


EXPANDED = expand()


@pytest.mark.parametrize("stage", EXPANDED)
def test_a_stage_depends_on_every_module_that_it_imports(stage: str) -> None:
    modules, deps = EXPANDED[stage]
    assert {path for path in imported_files(modules, EXEMPT) if not covered(path, deps)} == set()


@pytest.mark.parametrize("stage", EXPANDED)
def test_a_stage_depends_on_no_code_that_it_does_not_import(stage: str) -> None:
    modules, deps = EXPANDED[stage]
    files = imported_files(modules, EXEMPT)
    code = [dep for dep in deps if dep.startswith(("stages/", "recurrent/"))]
    unused = {dep for dep in code if not any(covered(path, [dep]) for path in files)}
    assert {dep for dep in unused if not dep.startswith(SHARED)} == set()


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_stage_has_a_description(pipeline: str) -> None:
    assert all(stage.get("do", stage).get("desc") for stage in STAGES[pipeline].values())


def test_dvc_stage_list_shows_whole_descriptions() -> None:
    for name, stage in STAGES["lectures"].items():
        section = stage.get("foreach", "").removeprefix("${").removesuffix("}")
        items = getattr(CONFIGS["lectures"], section) if section else {"": None}
        for key, item in items.items():
            shown = fill(stage.get("do", stage)["desc"], key, item)
            assert len(shown) <= 80, f"{name}@{key}: {shown}"


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_an_output_is_either_in_git_or_ignored_by_it(pipeline: str) -> None:
    for stage in STAGES[pipeline].values():
        body = stage.get("do", stage)
        for kind in ("outs", "metrics", "plots"):
            for entry in body.get(kind, []):
                path, options = (
                    next(iter(entry.items())) if isinstance(entry, dict) else (entry, {})
                )
                ignored = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)
                assert (ignored.returncode == 0) == options.get("cache", True), path


def test_every_champion_is_an_artifact() -> None:
    declared = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["artifacts"]
    places = {name: paths.champion(name).as_posix() for name in CONFIGS["lectures"].champions}
    assert {name: artifact["path"] for name, artifact in declared.items()} == places


def test_no_stage_tracks_runtime_settings() -> None:
    for stages in STAGES.values():
        for stage in stages.values():
            tracked = stage.get("do", stage).get("params", [])
            assert not any("runtime" in str(entry) for entry in tracked)


def test_the_lectures_never_read_what_goes_beyond_them() -> None:
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert "beyond/" not in "\n".join(line.partition("#")[0] for line in text.splitlines())


PACKAGES = sorted(path.name for path in (ROOT / "recurrent").iterdir() if path.is_dir())
MAY_IMPORT = {  # package -> the other packages that it may import, besides `common`
    "cluster": {"training"},
    "commands": {*PACKAGES} - {"__pycache__"},
    "common": set(),
    "data": set(),
    "evaluation": {"data", "models", "tasks", "tracking", "training"},
    "models": set(),
    "report": {"evaluation", "tracking"},
    "serving": {"data", "models", "tasks"},
    "studies": {"data", "models"},
    "sweeps": {"tracking", "training"},
    "tasks": {"data", "models"},
    "tracking": {"serving"},
    "training": {"data", "models", "tasks", "tracking"},
}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    for path in (ROOT / "recurrent" / package).rglob("*.py"):
        for name in imports(path.relative_to(ROOT).as_posix()):
            first, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if first == "stages":
                pytest.fail(f"{path} imports {name}")
            if first == "recurrent" and other in MAY_IMPORT and other not in (package, "common"):
                assert other in MAY_IMPORT[package], f"{path} imports {name}"


def test_every_package_has_its_rule() -> None:
    assert {name for name in PACKAGES if name != "__pycache__"} == set(MAY_IMPORT)


def test_no_model_module_imports_another_but_for_base_and_fast() -> None:
    modules = {path.stem for path in (ROOT / "recurrent/models").glob("*.py")}
    lectures = modules - {"__init__", "base", "fast"}
    for module in lectures:
        names = imports(f"recurrent/models/{module}.py")
        assert not {f"recurrent.models.{other}" for other in lectures - {module}} & {*names}


ONLY_IN = {
    "dask": ("recurrent/cluster/",),
    "distributed": ("recurrent/cluster/",),
    "mlflow": ("recurrent/serving/", "recurrent/tracking/"),
    "optuna": ("recurrent/sweeps/",),
    "jieba": ("recurrent/data/words/encode.py",),
    "pooch": ("recurrent/data/fetch.py",),
    "xgboost": ("recurrent/models/sales.py",),
}


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_where_it_belongs(library: str) -> None:
    for folder in ("recurrent", "stages"):
        for path in (ROOT / folder).rglob("*.py"):
            file = path.relative_to(ROOT).as_posix()
            if any(name.partition(".")[0] == library for name in imports(file)):
                assert file.startswith(ONLY_IN[library]), file


def test_data_never_imports_torch() -> None:
    for path in (ROOT / "recurrent/data").rglob("*.py"):
        names = imports(path.relative_to(ROOT).as_posix())
        assert not any(name.partition(".")[0] == "torch" for name in names), path


LOADS_CODE = ("pickle", "joblib", "dill", "shelve", "marshal", "skops")


def test_nothing_is_loaded_that_can_run_code() -> None:
    for folder in ("recurrent", "stages"):
        for path in (ROOT / folder).rglob("*.py"):
            names = imports(path.relative_to(ROOT).as_posix())
            loads = [name for name in names if {*LOADS_CODE} & {*name.split(".")}]
            # Dask's messages are pickles: docs/cluster.md says whom that trusts.
            assert not loads or "cluster" in path.parts, path
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    called = (node.value.id, node.attr)
                    assert called not in (("torch", "load"), ("torch", "save")), path
                if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                    assert isinstance(node.value, ast.Constant) and not node.value.value, path


def test_stages_are_thin() -> None:
    for path in (ROOT / "stages").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 125, path
    assert not [path for path in (ROOT / "stages").iterdir() if Path(path, "__init__.py").exists()]
