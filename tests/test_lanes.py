"""Trainings side by side, with a `dvc` of ours that writes down when it was there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stages import lanes
from stages.common import files, params, paths
from stages.training.fingerprint import fingerprint
from tests.project import ROOT, Project

DVC = f"""#!{sys.executable}
import sys, time
from pathlib import Path

name = sys.argv[-1].removeprefix("train@")
Path("begun", name).touch()
print(f"{{name}} says hello", file=sys.stderr)
if Path("together").exists():  # ends only beside another
    for _ in range(600):
        if len([*Path("begun").iterdir()]) > 1:
            break
        time.sleep(0.05)
    else:
        sys.exit("nobody came")
others = len([*Path("begun").iterdir()]) - len([*Path("ended").iterdir()])
Path("beside", name).write_text(str(others))
if name == "failing":
    sys.exit(7)
time.sleep(0.1)
Path("ended", name).touch()
"""


@pytest.fixture
def dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the trainings of our `dvc` leave their marks."""
    monkeypatch.chdir(tmp_path)
    for folder in ("bin", "begun", "beside", "ended"):
        (tmp_path / folder).mkdir()
    program = tmp_path / "bin/dvc"
    program.write_text(DVC)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def marks(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_trainings_run_side_by_side_and_all_of_them(
    dvc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dvc / "together").touch()
    names = ["a", "b", "c", "d", "e"]
    lanes.abreast(names, 2)
    assert marks(dvc / "ended") == {*names}
    said = capsys.readouterr().err
    assert all(f"{name} says hello\n" in said for name in names)
    assert "5 of 5" in said


def test_never_more_than_there_are_lanes(dvc: Path) -> None:
    lanes.abreast([f"n{i}" for i in range(9)], 3)
    assert {int(path.read_text()) for path in (dvc / "beside").iterdir()} <= {1, 2, 3}


def test_after_a_failure_none_begins_and_its_status_is_ours(dvc: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        lanes.abreast(["first", "failing", *(f"later{i}" for i in range(5))], 1)
    assert failed.value.returncode == 7
    assert marks(dvc / "begun") == {"first", "failing"}


def test_what_is_trained_as_it_would_be_is_left_alone(project: Project) -> None:
    (project.folder / "dvc.yaml").write_text((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    settings = params.load()
    on_names = {"names_top500": settings.datasets["names_top500"]}
    all_of_them = [n for n, e in settings.experiments.items() if e.dataset == "names_top500"]
    assert lanes.stale(settings.experiments, on_names) == all_of_them
    first, *others = all_of_them
    spec = paths.model(first) / "spec.json"
    spec.parent.mkdir(parents=True)
    files.write_json(spec, {"fingerprint": fingerprint(first, settings.experiments[first])})
    assert lanes.stale(settings.experiments, on_names) == others
    project.edit({f"experiments.{first}.training.epochs": 77})
    assert sorted(lanes.stale(params.load().experiments, on_names)) == sorted(all_of_them)


def test_vectors_are_taken_between_the_trainings_that_make_them_and_those_that_use_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = params.load()
    order: list[str] = []
    monkeypatch.setattr(lanes, "dvc", order.append)
    monkeypatch.setattr(lanes, "abreast", lambda names, _: order.extend(names))
    monkeypatch.setattr(lanes, "fingerprint", lambda name, _: name)
    lanes.train(settings, 2)
    assert order[0] == "encode"
    trained = [name for name in order if name not in ("encode", "embed")]
    assert sorted(trained) == sorted(settings.experiments)
    taken = order.index("embed")
    for entry in settings.embedded.values():
        assert order.index(entry.network) < taken
    using = [n for n, e in settings.experiments.items() if e.dataset in settings.embedded]
    assert using and all(order.index(name) > taken for name in using)


@pytest.mark.parametrize(
    ("processors", "threads", "expected"), [(1, 2, 1), (2, 2, 1), (4, 2, 2), (7, 2, 3), (64, 2, 8)]
)
def test_lanes_by_the_processors(
    processors: int, threads: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "processors", lambda: processors)
    settings = params.load(ROOT / "params.yaml")
    runtime = settings.runtime.model_copy(update={"threads": threads})
    assert lanes.default(settings.model_copy(update={"runtime": runtime})) == expected
