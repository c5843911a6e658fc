"""Trainings side by side, with a `dvc` of ours that writes down when it was there."""

import os
import sys
from pathlib import Path

import pytest

from recurrent import config as params
from recurrent import files, paths
from recurrent.commands import lanes
from recurrent.errors import PipelineError
from recurrent.training.fingerprint import fingerprint
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


def test_after_a_failure_none_begins_and_it_is_named(
    dvc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PipelineError, match=r"train@failing.*failed \(status 7\)"):
        lanes.abreast(["first", "failing", *(f"later{i}" for i in range(5))], 1)
    assert marks(dvc / "begun") == {"first", "failing"}
    assert "training failing failed" in capsys.readouterr().err


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


@pytest.mark.parametrize("damaged", ["{", "{}", "[]", '"text"'])
def test_a_spec_that_is_damaged_is_of_no_training(project: Project, damaged: str) -> None:
    spec = paths.model("names_gru") / "spec.json"
    files.write_text(spec, damaged)
    assert lanes.trained_as("names_gru") is None


@pytest.fixture
def order(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked for in turn, where nothing is trained yet."""
    asked: list[str] = []
    monkeypatch.setattr(lanes, "dvc", asked.append)
    monkeypatch.setattr(lanes, "abreast", lambda names, _: asked.extend(names))
    monkeypatch.setattr(lanes, "fingerprint", lambda name, _: name)
    return asked


def test_vectors_are_taken_between_the_trainings_that_make_them_and_those_that_use_them(
    order: list[str],
) -> None:
    settings = params.load()
    lanes.train(settings, 2)
    assert order[0] == "encode"
    trained = [name for name in order if name not in ("encode", "embed")]
    assert sorted(trained) == sorted(settings.experiments)
    taken = order.index("embed")
    for entry in settings.embedded.values():
        assert order.index(entry.network) < taken
    using = [n for n, e in settings.experiments.items() if e.dataset in settings.embedded]
    assert using and all(order.index(name) > taken for name in using)


def test_where_nothing_is_to_be_trained_the_rest_is_left_to_dvc(
    order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "trained_as", lambda name: name)
    lanes.train(params.load(), 2)
    assert order == ["encode"]


def test_one_lane_is_what_dvc_does_alone(order: list[str]) -> None:
    lanes.train(params.load(), 1)
    assert order == []


@pytest.mark.parametrize(
    ("device", "jobs", "beside"), [("auto", None, False), ("auto", 4, True), ("cpu", None, True)]
)
def test_a_gpu_is_shared_only_by_who_asks_for_it(
    device: str, jobs: int | None, beside: bool, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(lanes, "processors", lambda: 16)
    settings = params.load()
    runtime = settings.runtime.model_copy(update={"device": device})
    lanes.train(settings.model_copy(update={"runtime": runtime}), jobs)
    assert order[0] == "encode"
    assert (len(order) > 1) is beside


@pytest.mark.parametrize(
    ("share", "expected"),
    [("300000 100000", 3), ("50000 100000", 1), ("9900000 100000", 8), ("max 100000", 8), ("", 8)],
)
def test_a_container_has_its_share_of_the_processors(
    share: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(8)}, raising=False)
    monkeypatch.setattr(lanes, "SHARE", tmp_path / "cpu.max")
    assert lanes.processors() == 8, "no container"
    (tmp_path / "cpu.max").write_text(share)
    assert lanes.processors() == expected


@pytest.mark.parametrize(
    ("processors", "threads", "expected"), [(1, 2, 1), (2, 2, 1), (4, 2, 2), (7, 2, 3), (64, 2, 8)]
)
def test_room_by_the_processors(
    processors: int, threads: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "processors", lambda: processors)
    runtime = params.load(ROOT / "params.yaml").runtime
    assert lanes.room(runtime.model_copy(update={"threads": threads})) == expected
