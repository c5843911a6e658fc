"""The clone beside the workspace: as the workspace is, with what an earlier one had finished."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages import beside
from stages.common import files
from stages.common.errors import PipelineError
from tests.pipeline.workspace import Workspace
from tests.project import ROOT, Project

yaml = YAML(typ="safe")


def test_a_clone_has_the_changes_of_the_workspace_and_keeps_what_was_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    monkeypatch.chdir(workspace.folder)
    (tmp_path / "stages/clean.py").write_text("changed")
    (tmp_path / "stages/models/mine.py").write_text("new")
    (tmp_path / "stages/summary.py").unlink()
    first = beside.clone("copy")
    assert (first / "stages/clean.py").read_text() == "changed"
    assert (first / "stages/models/mine.py").read_text() == "new"
    assert not (first / "stages/summary.py").exists()
    cache = workspace.run("dvc", "cache", "dir", "--local").stdout
    assert cache == "", "that of the workspace is where it was"
    for folder in (first, tmp_path):
        monkeypatch.chdir(folder)
        assert beside.output("dvc", "cache", "dir").strip() == str(tmp_path / ".dvc/cache")
    (first / "data/models").mkdir(parents=True)
    (first / "data/models/spec.json").touch()
    (first / "dvc.lock").write_text("its own")
    (first / "scrap").touch()
    (tmp_path / "stages/clean.py").write_text("changed again")
    again = beside.clone("copy")
    assert again == first
    assert (again / "data/models/spec.json").exists()
    assert (again / "dvc.lock").read_text() == "its own"
    assert (again / "stages/clean.py").read_text() == "changed again"
    assert not (again / "scrap").exists()


def test_params_are_changed_where_asked_and_nowhere_else(project: Project) -> None:
    name, left_out = "names_gru", "names_rnn"
    beside.change(
        project.folder,
        {
            "source": "upstream",
            f"experiments.{name}.training.rate": 7,
            f"experiments.{left_out}": None,
        },
    )
    before = yaml.load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    after = yaml.load(project.params.read_text(encoding="utf-8"))
    assert after["source"] == "upstream"
    assert after["experiments"][name]["training"]["rate"] == 7
    before["source"], before["experiments"][name]["training"]["rate"] = "upstream", 7
    del before["experiments"][left_out]
    assert after == before
    assert [*after["experiments"]] == [*before["experiments"]], "in the same order"


def test_what_the_stages_measured_is_what_the_lock_says(tmp_path: Path) -> None:
    made = ("metrics/history/a.csv", "metrics/probes/b.csv", "metrics/probes/c/d.csv")
    for name in (*made, "metrics/bench/training.md", "data/models/a/spec.json"):
        files.write_text(tmp_path / name, "x")
    outs = [[made[0], "data/models/a"], ["metrics/probes"]]
    stages = {str(n): {"outs": [{"path": path} for path in of]} for n, of in enumerate(outs)}
    files.write_json(tmp_path / "dvc.lock", {"stages": {**stages, "no outs": {"cmd": "x"}}})
    assert [path.as_posix() for path in beside.measured(tmp_path)] == [*made]


def test_a_command_that_fails_is_a_fault_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"git rev-parse HEAD: failed: .*not a git repository"):
        beside.output("git", "rev-parse", "HEAD", folder=tmp_path)
