"""The measurement of scale: it makes what the stages read, and counts a command's own memory."""

import sys
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.scale import CORPORA
from recurrent import config as params
from recurrent.data.corpora import load
from recurrent.errors import PipelineError
from tests.project import ROOT, Project

SLEEP = "import time; time.sleep(0.3)"
SETTINGS = params.load(ROOT / "params.yaml")


@pytest.mark.parametrize("name", CORPORA)
def test_a_made_up_corpus_is_one_that_is_cleaned(name: str, tmp_path: Path) -> None:
    corpus, raw = SETTINGS.corpora[name], tmp_path / "corpus.txt"
    CORPORA[name].write(raw, 3000)
    module = load(corpus.module)
    module.check(raw)
    report = module.clean(raw, tmp_path, corpus)
    kept = report["kept"]["names"] if name == "names" else report["characters"]  # type: ignore[index]
    assert kept == 3000
    assert not any(report.get("dropped", {}).values())  # type: ignore[attr-defined]


def test_every_scaled_experiment_is_one_of_the_projects() -> None:
    for scaled in CORPORA.values():
        assert scaled.dataset in SETTINGS.datasets
        assert scaled.experiment in SETTINGS.experiments


def test_memory_is_that_of_the_command_alone(project: Project) -> None:
    little, much = (
        scale.measured([sys.executable, "-c", f"x = b'x' * ({size} << 20); {SLEEP}"], project)
        for size in (1, 300)
    )
    assert 250 < much[1] - little[1] < 350
    assert little[1] < 100
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        scale.measured([sys.executable, "-c", "1 / 0"], project)


def test_a_corpus_that_is_none_is_refused_before_anything_is_measured() -> None:
    with pytest.raises(PipelineError, match="there is no corpus 'name'"):
        scale.main(only="name")
