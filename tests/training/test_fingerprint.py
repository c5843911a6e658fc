"""The fingerprint: all that DVC tracks of a training, and nothing else."""

from pathlib import Path

import pytest

from stages import params
from stages.training.fingerprint import dependencies, fingerprint
from tests.pipeline.imports import ROOT
from tests.pipeline.workspace import Workspace
from tests.training.toy import write_dataset


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    made = Workspace(tmp_path)
    write_dataset(tmp_path / "data/encoded/names_lecture")
    monkeypatch.chdir(tmp_path)
    return made


def identity(name: str = "names_gru") -> str:
    return fingerprint(name, params.load().experiments[name])


def test_it_is_the_same_whatever_was_imported_before(workspace: Workspace) -> None:
    code = (
        "from stages import params; from stages.training.fingerprint import fingerprint;"
        "print(fingerprint('names_gru', params.load().experiments['names_gru']))"
    )
    bare = workspace.run("python", "-c", code).stdout.strip()
    after = workspace.run("python", "-c", f"import stages.evaluate, stages.encode; {code}")
    assert bare == after.stdout.strip() == identity()


@pytest.mark.parametrize(
    "file",
    [
        "stages/training/loop.py",
        "stages/models/recurrent_classifier.py",
        "data/encoded/names_lecture/ids.npy",
    ],
)
def test_code_and_data_are_in_it(workspace: Workspace, file: str) -> None:
    before = identity()
    with (workspace.folder / file).open("ab") as changed:
        changed.write(b"\n")
    assert identity() != before


@pytest.mark.parametrize("file", ["stages/models/baselines.py", "stages/tracking/live.py"])
def test_what_the_training_does_not_use_is_not(workspace: Workspace, file: str) -> None:
    before = identity()
    with (workspace.folder / file).open("ab") as changed:
        changed.write(b"\n")
    assert identity() == before


def test_parameters_and_the_name_are_in_it(workspace: Workspace) -> None:
    gru = params.load().experiments["names_gru"]
    slower = gru.model_copy(update={"seeds": (7,)})
    assert len({fingerprint("a", gru), fingerprint("b", gru), fingerprint("a", slower)}) == 3


def test_every_placeholder_of_dvc_yaml_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name, experiment in params.load().experiments.items():
        files = [path.as_posix() for path in dependencies(name, experiment)]
        assert not any("$" in path for path in files)
        assert f"stages/models/{experiment.model.module}.py" in files
