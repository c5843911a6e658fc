"""The fingerprint: all that DVC tracks of a training, and nothing else."""

from pathlib import Path

import pytest

from recurrent import config as params
from recurrent.training.fingerprint import dependencies, filled, fingerprint
from tests.pipeline.imports import ROOT
from tests.pipeline.workspace import Workspace
from tests.training.toy import write_names


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    made = Workspace(tmp_path)
    write_names(tmp_path / "data/encoded/names_lecture")
    monkeypatch.chdir(tmp_path)
    return made


def identity(name: str = "names_gru") -> str:
    return fingerprint(name, params.load().experiments[name])


def test_it_is_the_same_whatever_was_imported_before(workspace: Workspace) -> None:
    code = (
        "from recurrent import params; from recurrent.training.fingerprint import fingerprint;"
        "print(fingerprint('names_gru', params.load().experiments['names_gru']))"
    )
    bare = workspace.run("python", "-c", code).stdout.strip()
    after = workspace.run("python", "-c", f"import stages.evaluate, stages.encode; {code}")
    assert bare == after.stdout.strip() == identity()


@pytest.mark.parametrize(
    "file",
    [
        "recurrent/training/loop.py",
        "recurrent/models/recurrent_classifier.py",
        "recurrent/tasks/base.py",
        "recurrent/tasks/classify.py",
        "data/encoded/names_lecture/ids.npy",
    ],
)
def test_code_and_data_are_in_it(workspace: Workspace, file: str) -> None:
    before = identity()
    with (workspace.folder / file).open("ab") as changed:
        changed.write(b"\n")
    assert identity() != before


@pytest.mark.parametrize(
    "file",
    [
        "recurrent/models/baselines.py",
        "recurrent/tasks/next_token.py",
        "recurrent/data/names/encode.py",
        "recurrent/tracking/live.py",
    ],
)
def test_what_the_training_does_not_use_is_not(workspace: Workspace, file: str) -> None:
    before = identity()
    with (workspace.folder / file).open("ab") as changed:
        changed.write(b"\n")
    assert identity() == before


def test_parameters_and_the_name_are_in_it(workspace: Workspace) -> None:
    gru = params.load().experiments["names_gru"]
    slower = gru.model_copy(update={"seeds": (7,)})
    assert len({fingerprint("a", gru), fingerprint("b", gru), fingerprint("a", slower)}) == 3


def test_a_placeholder_is_filled_in_with_a_value_of_the_experiment() -> None:
    gru = params.load(ROOT / "params.yaml").experiments["names_gru"]
    found = {
        expression: filled(expression, "a", gru)
        for expression in ("key", "item.dataset", "item.task", "item.model.module")
    }
    assert found == {
        "key": "a",
        "item.dataset": "names_top500",
        "item.task": "classify",
        "item.model.module": "recurrent_classifier",
    }


def test_every_placeholder_of_dvc_yaml_is_filled_in(workspace: Workspace) -> None:
    for name, experiment in params.load(ROOT / "params.yaml").experiments.items():
        data = Path("data/encoded", experiment.dataset, "ids.npy")
        data.parent.mkdir(parents=True, exist_ok=True)
        data.touch()
        found = list(dependencies(name, experiment))
        assert all(path.exists() for path in found)
        assert set(found) >= {
            data,
            Path(f"recurrent/models/{experiment.model.module}.py"),
            Path(f"recurrent/tasks/{experiment.task}.py"),
        }
