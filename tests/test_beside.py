"""The clone beside the workspace: as the workspace is, with what an earlier one had finished."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from recurrent import files
from recurrent.commands import clone as beside
from recurrent.errors import PipelineError
from tests.pipeline.workspace import Workspace
from tests.project import ROOT, Project

yaml = YAML(typ="safe")


def test_a_clone_has_the_changes_of_the_workspace_and_keeps_what_was_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    monkeypatch.chdir(workspace.folder)
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ann Other")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "ann@localhost")
    (tmp_path / "stages/clean.py").write_text("changed")
    (tmp_path / "stages/models/mine.py").write_text("new")
    (tmp_path / "recurrent/commands/summary.py").unlink()
    workspace.git("mv", "recurrent/commands/prune.py", "stages/cut.py")
    workspace.run("dvc", "cache", "dir", "--local", "../elsewhere")
    first = beside.clone("copy")
    assert (first / "stages/clean.py").read_text() == "changed"
    assert (first / "stages/models/mine.py").read_text() == "new"
    assert (first / "stages/cut.py").exists()
    assert (
        not (first / "recurrent/commands/summary.py").exists()
        and not (first / "recurrent/commands/prune.py").exists()
    )
    assert beside.git(first, "config", "user.name") == "Ann Other\n"
    for folder in (first, tmp_path):
        cache = beside.output("dvc", "cache", "dir", folder=folder).strip()
        assert (folder / cache).resolve() == tmp_path.parent / "elsewhere"


def test_the_next_one_keeps_what_was_finished_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    committed = ("metrics/history/a.csv", "metrics/bench/speed.md")
    for name in committed:
        files.write_text(tmp_path / name, "the workspace's")
    files.write_text(tmp_path / ".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    workspace.commit("metrics")
    monkeypatch.chdir(workspace.folder)
    first = beside.clone("copy")
    unknown = "metrics/probes/b.csv"  # to git
    outs = [{"path": path} for path in ("data/a", committed[0], "metrics/probes")]
    lock = {"stages": {"train@a": {"outs": outs}}}
    files.write_json(first / "dvc.lock", lock)
    for name in ("data/a", unknown, *committed, "stages/scrap.py", "stages/clean.py"):
        files.write_text(first / name, "the clone's")
    files.write_text(tmp_path / "stages/embed.py", "new code")
    workspace.commit("code")
    assert beside.clone("copy") == first
    has = {
        name: (first / name).read_text()
        for name in ("data/a", unknown, *committed, "stages/embed.py")
    }
    assert has == {
        "data/a": "the clone's",
        unknown: "the clone's",
        committed[0]: "the clone's",
        committed[1]: "the workspace's",
        "stages/embed.py": "new code",
    }
    assert files.read_json(first / "dvc.lock") == lock
    assert not (first / "stages/scrap.py").exists()
    assert (first / "stages/clean.py").read_bytes() == (ROOT / "stages/clean.py").read_bytes()


def test_a_clone_that_was_not_made_to_its_end_is_made_anew_and_a_damaged_one_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    monkeypatch.chdir(workspace.folder)
    part = workspace.folder / beside.PLACE / "copy.part"
    part.mkdir(parents=True)
    (part / "half").touch()
    folder = beside.clone("copy")
    assert not (folder / "half").exists()
    shutil.rmtree(folder / ".git")
    (tmp_path / "stages/clean.py").write_text("not to be lost")
    with pytest.raises(PipelineError, match=r"not (a git repository|in a git directory)"):
        beside.clone("copy")
    assert (tmp_path / "stages/clean.py").read_text() == "not to be lost"


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
