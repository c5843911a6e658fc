"""Prune: what the parameter files name stays; everything else is removed from disk and locks."""

from pathlib import Path

import pytest

from recurrent import config, files, paths
from recurrent.commands import prune
from recurrent.training.store import RunStore
from tests.project import ABSENT, ROOT, Project

OLD = "schema: '2.0'\nstages:\n"


@pytest.fixture
def declared(project: Project) -> Project:
    """A project with both pipelines' stages."""
    for name in ("dvc.yaml", "beyond/dvc.yaml"):
        files.write_text(Path(name), (ROOT / name).read_text(encoding="utf-8"))
    return project


def stages(lock: str) -> list[str]:
    return [*config.read_yaml(Path(lock))["stages"]]


def locked(*names: str) -> str:
    return OLD + "".join(f"  {name}:\n    cmd: a\n" for name in names)


def test_outputs_and_lock_entries_that_nothing_names_are_removed(
    declared: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    beyond = paths.PIPELINES["beyond"]
    kept = [
        paths.encoded("names_lecture"),
        paths.encoded("sales_vectors"),
        paths.study("line"),
        Path("data/models/names_gated"),
        Path("data/evaluation/anything"),
        beyond.model("lyrics_words", "gru").parent,
    ]
    gone = [path.with_name("gone") for path in kept if path.parts[1] != "evaluation"]
    for path in (*kept, *gone):
        path.mkdir(parents=True, exist_ok=True)
    for name in ("names", "gone"):
        files.write_json(paths.clean_report(name), {})
    files.write_text(Path("data/models/.gitignore"), "/names_gated\n")
    files.write_text(Path("dvc.lock"), locked("train@names_gated", "train@gone", "evaluate", "old"))
    files.write_text(Path("beyond/dvc.lock"), locked("train@gone", "train@lyrics_words"))
    prune.outputs()
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in gone)
    assert paths.clean_report("names").exists() and not paths.clean_report("gone").exists()
    assert Path("data/models/.gitignore").exists()
    assert stages("dvc.lock") == ["train@names_gated", "evaluate"]
    assert stages("beyond/dvc.lock") == ["train@lyrics_words"]
    assert Path("dvc.lock").read_text().startswith(OLD)
    assert "removed from dvc.lock: old, train@gone" in capsys.readouterr().err


def test_the_outputs_of_a_removed_experiment_are_removed(declared: Project) -> None:
    folder = paths.PIPELINES["lectures"].run("nietzsche_char3")
    folder.mkdir(parents=True)
    prune.outputs()
    assert folder.exists()
    declared.edit({"experiments.nietzsche_char3": ABSENT})
    prune.outputs()
    assert not folder.exists()


def test_without_anything_stale_the_lock_is_not_rewritten(declared: Project) -> None:
    text = locked("train@names_gated").replace("'", '"')
    files.write_text(Path("dvc.lock"), text)
    prune.outputs()
    assert Path("dvc.lock").read_text() == text


def test_every_output_of_the_pipelines_is_in_a_folder_of_its_own(declared: Project) -> None:
    """Nothing but outputs may lie in the folders that are cleaned."""
    for name in ("lectures", "beyond"):
        shared = prune.declared(config.load(name)).shared
        assert all(len(folder.parts) > 1 for folder in shared), shared
        assert not any(ROOT.joinpath(folder, "__init__.py").exists() for folder in shared)


def test_runs_are_kept_while_data_are_not_encoded(
    declared: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunStore().place("f" * 64)
    run.mkdir(parents=True)
    prune.runs()
    assert run.exists()
    assert "kept all stored runs" in capsys.readouterr().err


def test_runs_that_no_parameter_file_names_are_removed(
    declared: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {Path.cwd(): {"here"}, Path.cwd() / ".dvc/tmp/upstream": {"replica"}}
    monkeypatch.setattr(prune, "fingerprints", lambda: names[Path.cwd()])
    Path(".dvc/tmp/upstream").mkdir(parents=True)
    store = RunStore()
    for name in ("here", "replica", "gone"):
        store.place(name).mkdir(parents=True)
    prune.runs()
    assert sorted(path.name for path in store.folder.iterdir()) == ["here", "replica"]
