"""Pruning: what params.yaml names stays, the rest goes, from the disk and from dvc.lock."""

import pytest
from ruamel.yaml import YAML

from stages import params, paths, prune
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
    lock = yaml.load((ROOT / "dvc.lock").read_text(encoding="utf-8"))
    assert set(lock["stages"]) == wanted | {"evaluate", "report"}
