"""Pruning: what params.yaml names stays, the rest goes, from the disk and from dvc.lock."""

import pytest
from ruamel.yaml import YAML

from recurrent import config as params
from recurrent import paths
from recurrent.commands import prune
from tests.pipeline.imports import ROOT
from tests.project import Project

yaml = YAML(typ="safe", pure=True)


def test_what_is_named_stays_and_the_rest_goes(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("names_gru", "forgotten"):
        paths.model(name).mkdir(parents=True)
        paths.history(name).parent.mkdir(parents=True, exist_ok=True)
        paths.history(name).touch()
    prune.LOCK.write_text(
        "schema: '2.0'\nstages:\n  train@names_gru:\n    cmd: a\n"
        "  train@forgotten:\n    cmd: b\n  evaluate:\n    cmd: c\n"
    )
    prune.main()
    assert paths.model("names_gru").exists() and paths.history("names_gru").exists()
    assert not paths.model("forgotten").exists() and not paths.history("forgotten").exists()
    lock = yaml.load(prune.LOCK.read_text())
    assert list(lock["stages"]) == ["train@names_gru", "evaluate"]
    assert lock["schema"] == "2.0"
    assert capsys.readouterr().err.count("forgotten") == 3


def test_with_nothing_stale_nothing_is_touched(project: Project) -> None:
    text = (ROOT / "dvc.lock").read_text(encoding="utf-8")
    prune.LOCK.write_text(text, encoding="utf-8")
    prune.main()
    assert prune.LOCK.read_text(encoding="utf-8") == text


def test_the_committed_lock_has_a_stage_for_each_entry_and_no_other() -> None:
    settings = params.load(ROOT / "params.yaml")
    wanted = {f"{verb}@{key}" for verb in ("download", "clean") for key in settings.corpora}
    wanted |= {f"encode@{key}" for key in settings.datasets}
    wanted |= {f"train@{key}" for key in settings.experiments}
    wanted |= {f"embed@{key}" for key in settings.embedded}
    lock = yaml.load((ROOT / "dvc.lock").read_text(encoding="utf-8"))
    wanted |= {f"demonstrate@{key}" for key in settings.demonstrations}
    assert set(lock["stages"]) == wanted | {"evaluate", "probe", "report"}


def test_every_verb_of_the_pipeline_is_pruned(project: Project) -> None:
    settings = params.load()
    maps = {"download": "corpora", "clean": "corpora", "encode": "datasets"}
    maps |= {"train": "experiments", "embed": "embedded", "demonstrate": "demonstrations"}
    pipeline = yaml.load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert {verb for verb, stage in pipeline.items() if "foreach" in stage} == maps.keys()
    named = [f"{verb}@{next(iter(getattr(settings, name)))}" for verb, name in maps.items()]
    lines = [f"  {stage}:\n    cmd: a\n" for verb in maps for stage in (f"{verb}@gone",)]
    lines += [f"  {stage}:\n    cmd: a\n" for stage in named]
    prune.LOCK.write_text("schema: '2.0'\nstages:\n" + "".join(lines))
    prune.main()
    assert list(yaml.load(prune.LOCK.read_text())["stages"]) == named


def test_what_trainings_and_demonstrations_left_goes_with_them(project: Project) -> None:
    for place in (paths.gradients, paths.health, paths.history):
        for name in ("names_gru", "forgotten"):
            place(name).parent.mkdir(parents=True, exist_ok=True)
            place(name).touch()
    for name in ("line", "forgotten"):
        paths.demonstration(name).mkdir(parents=True)
    prune.main()
    for place in (paths.gradients, paths.health, paths.history):
        assert place("names_gru").exists() and not place("forgotten").exists()
    assert paths.demonstration("line").exists() and not paths.demonstration("forgotten").exists()
