"""The clone equals the workspace, and keeps finished work from one update to the next."""

import shutil
from pathlib import Path

import pytest

from recurrent.commands import clone
from recurrent.common import config, files
from recurrent.common.errors import PipelineError
from tests.commands.workspace import Workspace


def test_a_clone_has_the_changes_of_the_workspace_and_its_cache(workspace: Workspace) -> None:
    workspace.write("stages/clean.py", "changed")
    workspace.write("recurrent/models/mine.py", "new")
    workspace.write("beyond/dvc.lock", "the workspace's")
    workspace.git("mv", "stages/report.py", "stages/moved.py")
    clone.run("dvc", "cache", "dir", "--local", "../elsewhere")
    folder = clone.update("copy")
    assert (folder / "stages/clean.py").read_text() == "changed"
    assert (folder / "recurrent/models/mine.py").read_text() == "new"
    assert (folder / "stages/moved.py").exists() and not (folder / "stages/report.py").exists()
    assert not (folder / "beyond/dvc.lock").exists(), "the lock of `beyond` was copied"
    assert clone.git(folder, "config", "user.name") == "Ann Other\n"
    cache = clone.run("dvc", "cache", "dir", folder=folder).strip()
    assert (folder / cache).resolve() == workspace.folder.parent / "elsewhere"


def test_the_next_update_keeps_what_stages_made_and_nothing_else(workspace: Workspace) -> None:
    made, by_hand = "metrics/curves/a.csv", "metrics/by_hand.md"
    workspace.write(made, "the workspace's")
    workspace.commit()
    folder = clone.update("copy")
    lock = {"stages": {"train@a": {"outs": [{"path": "data/a"}, {"path": "metrics/curves"}]}}}
    files.write_json(folder / "dvc.lock", lock)
    for name in ("data/a", made, by_hand, "stages/scrap.py", "stages/clean.py"):
        files.write_text(folder / name, "the clone's")
    workspace.write("stages/embed.py", "new code")
    workspace.commit()
    assert clone.update("copy") == folder
    assert (folder / "data/a").read_text() == (folder / made).read_text() == "the clone's"
    assert (folder / by_hand).read_text() == "by nobody's stage\n"
    assert (folder / "stages/clean.py").read_text() == "old\n"
    assert (folder / "stages/embed.py").read_text() == "new code"
    assert not (folder / "stages/scrap.py").exists()
    assert files.read_json(folder / "dvc.lock") == lock


def test_an_incomplete_clone_is_replaced_and_a_damaged_one_is_refused(
    workspace: Workspace,
) -> None:
    part = clone.PLACE / "copy.part"
    part.mkdir(parents=True)
    (part / "half").touch()
    folder = clone.update("copy")
    assert not (folder / "half").exists()
    shutil.rmtree(folder / ".git")
    workspace.write("stages/clean.py", "not to be lost")
    with pytest.raises(PipelineError, match=r"not (a git repository|in a git directory)"):
        clone.update("copy")
    assert (workspace.folder / "stages/clean.py").read_text() == "not to be lost"


def test_editing_parameters_keeps_their_comments_and_order(workspace: Workspace) -> None:
    path = Path("params.yaml")
    before = path.read_text(encoding="utf-8")
    values = config.read_yaml(path)

    def change(values: dict[str, object]) -> None:
        values["source"] = "upstream"

    clone.edit(path, change)
    after = path.read_text(encoding="utf-8")
    assert config.read_yaml(path) == {**values, "source": "upstream"}
    assert [*config.read_yaml(path)] == [*values]
    assert after.count("#") == before.count("#") > 0


def test_what_the_stages_measured_is_what_the_lock_lists(tmp_path: Path) -> None:
    made = ("metrics/curves/a.csv", "metrics/scores/b.json", "metrics/scores/c/d.json")
    for name in (*made, "metrics/bench/training.md", "data/models/a/spec.json"):
        files.write_text(tmp_path / name, "x")
    outs = [[made[0], "data/models/a"], ["metrics/scores"]]
    stages = {str(n): {"outs": [{"path": path} for path in of]} for n, of in enumerate(outs)}
    files.write_json(tmp_path / "dvc.lock", {"stages": {**stages, "no outs": {"cmd": "x"}}})
    assert [path.as_posix() for path in clone.metric_files(tmp_path)] == [*made]


def test_a_command_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"git rev-parse HEAD: failed: .*not a git repository"):
        clone.run("git", "rev-parse", "HEAD", folder=tmp_path)
