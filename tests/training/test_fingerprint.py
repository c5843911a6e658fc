"""A fingerprint changes with everything that a run's result depends on, and with nothing else."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recurrent.common.config import Runtime
from recurrent.training import fingerprint
from recurrent.training.fingerprint import Run, describe_arithmetic, plan
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


ENTRY = ("recurrent.training.worker", "recurrent.models.names", "recurrent.tasks.classify")


def clear_caches() -> None:
    for cached in (fingerprint.code_digest, fingerprint.syntax, fingerprint.imports):
        cached.cache_clear()


def digest() -> str:
    """The digest of the code as it is now."""
    clear_caches()
    return fingerprint.code_digest(ENTRY)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy of the library that fingerprints are computed from, and its digest."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(ROOT / "recurrent", folder / "recurrent")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "ROOT", folder)
        found = digest()
    clear_caches()
    return folder, found


@pytest.fixture
def before(copied: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The digest of the copy, from which fingerprints are computed for a while."""
    monkeypatch.setattr(fingerprint, "ROOT", copied[0])
    yield copied[1]
    clear_caches()


@contextmanager
def rewritten(file: str, change: Callable[[str], str]) -> Iterator[None]:
    """Change a file of the copy for a while."""
    path = fingerprint.ROOT / file
    text = path.read_text(encoding="utf-8")
    path.write_text(change(text), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


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
def test_only_code_that_computes_changes_it(before: str, file: str, counts: bool) -> None:
    with rewritten(file, lambda text: f"{text}\nADDED = 1\n"):
        assert (digest() != before) is counts


@pytest.mark.parametrize(
    "change",
    [
        lambda text: f"{text}\n# a comment\n",
        lambda text: '"""Other words."""' + text.split('"""', 2)[2],
    ],
    ids=["comment", "docstring"],
)
def test_comments_and_docstrings_do_not_change_it(
    before: str, change: Callable[[str], str]
) -> None:
    with rewritten("recurrent/training/loop.py", change):
        assert digest() == before


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
