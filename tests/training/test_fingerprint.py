"""A fingerprint changes with everything that a run's result depends on, and with nothing else."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recurrent.common.config import Runtime
from recurrent.training import fingerprint
from recurrent.training.fingerprint import Run, describe_arithmetic, plan, syntax
from tests.project import ROOT
from tests.training.small import edit, write_project

WRITING = "experiments.writing"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def runs(project: Path, experiment: str = "writing", **overrides: Any) -> dict[str, Run]:
    """The runs of an experiment after overriding some of its keys."""
    settings = edit(project, {"experiments": {experiment: overrides}})
    return {str(run): run for run in plan(settings, experiment)}


def test_every_variant_and_seed_is_a_run(project: Path) -> None:
    found = runs(project)
    assert {*found} == {"writing/lstm, seed 5", "writing/lstm, seed 3", "writing/gru, seed 5"}
    assert len({run.fingerprint for run in found.values()}) == 3


def test_parameters_change_it(project: Path) -> None:
    before = runs(project)
    after = runs(project, training={"epochs": 4})
    assert all(before[name].fingerprint != after[name].fingerprint for name in before)
    one = runs(project, variants={"gru": {"training": {"epochs": 7}}})
    same = [name for name in after if after[name].fingerprint == one[name].fingerprint]
    assert same == ["writing/lstm, seed 5", "writing/lstm, seed 3"]


def test_samples_change_it_only_if_they_are_written_during_training(project: Path) -> None:
    before = runs(project)
    assert runs(project, samples={"length": 5}) != before
    afterwards = {
        name: run.fingerprint for name, run in runs(project, samples={"every": None}).items()
    }
    longer = {name: run.fingerprint for name, run in runs(project, samples={"length": 9}).items()}
    assert longer == afterwards


def test_titles_and_names_of_variants_do_not_change_it(project: Path) -> None:
    before = runs(project)
    renamed = runs(project, title="another", variants={"long": {}, "lstm": None})
    assert renamed["writing/long, seed 5"].fingerprint == before["writing/lstm, seed 5"].fingerprint


def test_data_changes_it_and_its_report_does_not(project: Path) -> None:
    before = runs(project)
    (project / "data/encoded/text/report.json").write_text("{}")
    assert runs(project) == before
    with (project / "data/encoded/text/ids.npy").open("ab") as file:
        file.write(b"\0")
    assert runs(project) != before


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the library that fingerprints are computed from."""
    subprocess.run(["cp", "-r", str(ROOT / "recurrent"), str(tmp_path)], check=True)
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    return tmp_path


def digest_after(code: Path, file: str, text: str) -> tuple[str, str]:
    """The code's digest before and after appending to a file of it."""
    entry = ("recurrent.training.worker", "recurrent.models.names", "recurrent.tasks.classify")
    found = []
    for content in ("", text):
        with (code / file).open("a", encoding="utf-8") as opened:
            opened.write(content)
        for cached in (fingerprint.code_digest, fingerprint.syntax, fingerprint.imports):
            cached.cache_clear()
        found.append(fingerprint.code_digest(entry))
    return found[0], found[1]


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("recurrent/common/__init__.py", True),
        ("recurrent/training/loop.py", True),
        ("recurrent/training/worker.py", True),
        ("recurrent/training/determinism.py", True),
        ("recurrent/tracking/history.py", True),
        ("recurrent/models/names.py", True),
        ("recurrent/models/base.py", True),
        ("recurrent/tasks/classify.py", True),
        ("recurrent/data/names/dataset.py", True),
        ("recurrent/models/lyrics.py", False),
        ("recurrent/tasks/restore.py", False),
        ("recurrent/data/names/encode.py", False),
        ("recurrent/tracking/publish.py", False),
        ("recurrent/common/console.py", False),
        ("recurrent/training/parallel.py", False),
        ("recurrent/training/store.py", False),
    ],
)
def test_only_code_that_computes_changes_it(code: Path, file: str, counts: bool) -> None:
    before, after = digest_after(code, file, "\nADDED = 1\n")
    assert (before != after) is counts


def test_comments_and_docstrings_do_not_change_it(code: Path) -> None:
    before, after = digest_after(code, "recurrent/training/loop.py", "\n# a comment\n")
    assert before == after
    path = code / "recurrent/training/loop.py"
    path.write_text('"""Other words."""' + path.read_text(encoding="utf-8").split('"""', 2)[2])
    fingerprint.syntax.cache_clear()
    assert syntax("recurrent/training/loop.py")
    assert digest_after(code, "recurrent/training/loop.py", "")[1] == before


def test_fast_mode_names_the_processor_and_strict_mode_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strict = Runtime(device="cpu")
    fast = strict.model_copy(update={"reproducible": "fast"})
    here = describe_arithmetic(strict), describe_arithmetic(fast)
    monkeypatch.setattr(fingerprint, "processor", lambda: "another")
    assert describe_arithmetic(strict) == here[0]
    assert describe_arithmetic(fast) != here[1]


def test_graphs_count_on_a_gpu_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with_graphs, without = Runtime(graphs=True), Runtime(graphs=False)
    assert describe_arithmetic(with_graphs) == describe_arithmetic(without)
    monkeypatch.setattr(fingerprint, "gpu_name", lambda runtime: "a GPU")
    assert describe_arithmetic(with_graphs) != describe_arithmetic(without)
    assert describe_arithmetic(Runtime(graphs="auto")) == describe_arithmetic(without)
    fast, auto = (Runtime(graphs=way, reproducible="fast") for way in (True, "auto"))
    assert describe_arithmetic(auto) == describe_arithmetic(fast)


def test_planning_needs_no_torch(project: Path) -> None:
    code = (
        "import sys; from recurrent.common import config;"
        "from recurrent.training.fingerprint import plan;"
        "from recurrent.training.collect import collect; plan(config.load());"
        "sys.exit('torch' in sys.modules)"
    )
    path = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
