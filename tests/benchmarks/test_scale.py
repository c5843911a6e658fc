"""The scale benchmark: it generates what the stages read, and measures one command's memory."""

import sys
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.scale import CORPORA, EXPERIMENT
from recurrent.common import config
from recurrent.common.errors import PipelineError
from recurrent.data import base
from tests.project import Project

SLEEP = "import time; time.sleep(0.3)"


@pytest.mark.parametrize("name", CORPORA)
def test_a_generated_corpus_is_cleaned_and_trained_on(
    name: str, project: Project, tmp_path: Path
) -> None:
    project.edit({f"experiments.{EXPERIMENT}": scale.one_epoch(CORPORA[name])})
    settings = config.load()
    (variant,) = settings.variants(EXPERIMENT)
    assert variant.training.epochs == 1 and variant.dataset == CORPORA[name].dataset
    assert settings.encoding(variant.dataset).corpus == name
    corpus, raw = settings.corpora[name], tmp_path / "raw"
    CORPORA[name].write(raw, 3000)
    module = base.corpus(corpus.kind)
    module.check(raw)
    report = module.clean(raw, tmp_path, corpus)
    assert report["kept" if name == "names" else "characters"] in (
        3000,
        {"names": 3000, "男": 1500, "女": 1500},
    )


def test_memory_is_that_of_the_command_alone(tmp_path: Path) -> None:
    little, much = (
        scale.measure([sys.executable, "-c", f"x = b'x' * ({size} << 20); {SLEEP}"], tmp_path)
        for size in (1, 300)
    )
    assert 250 < much[1] - little[1] < 350
    assert little[1] < 100
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        scale.measure([sys.executable, "-c", "1 / 0"], tmp_path)


def test_an_unknown_corpus_is_refused_before_anything_is_measured() -> None:
    with pytest.raises(PipelineError, match="there is no corpus 'name'"):
        scale.main(only="name")
