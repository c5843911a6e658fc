"""The measurement of scale: it makes what the stages read, and counts a command's own memory."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from stages.common import params
from stages.common.errors import PipelineError
from stages.corpora.contract import load
from tests.bench import scale
from tests.bench.scale import CORPORA
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


def test_the_page_says_whether_memory_stays_within_bounds() -> None:
    row = {"corpus": "names", "times": 1.0, "records": 10, "stage": "clean", "seconds": 0.5}
    within, beyond = (
        scale.page(pd.DataFrame([{**row, "mebibytes": size}])) for size in (100.0, scale.LIMIT + 1)
    )
    assert "no stage needs more" in within
    assert "not every stage stays below" in beyond
    assert "| names | 1 | 10 | clean | 0.5 | 50000.0 | 100 |" in within


def test_a_size_measured_again_leaves_the_others_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scale, "OUT", tmp_path)

    def write(corpus: str, times: float, mebibytes: float) -> list[tuple[str, float, float]]:
        row = {"corpus": corpus, "times": times, "records": 10, "seconds": 0.5}
        both = [{**row, "stage": stage, "mebibytes": mebibytes} for stage in ("clean", "train")]
        scale.write(pd.DataFrame(both))
        table = pd.read_csv(tmp_path / "scale.csv")
        first = table[table["stage"] == "clean"]
        return [*zip(first["corpus"], first["times"], first["mebibytes"], strict=True)]

    write("lyrics", 10, 1)
    write("lyrics", 0.1, 2)
    write("names", 0.1, 3)
    expected = [("names", 0.1, 3), ("lyrics", 0.1, 4), ("lyrics", 10, 1)]
    assert write("lyrics", 0.1, 4) == expected
    page = (tmp_path / "scale.md").read_text(encoding="utf-8")
    assert "the most is 4 MiB (clean of 10 characters)" in page
    assert (tmp_path / "scale.svg").exists()
    assert "left out" not in capsys.readouterr().err
    monkeypatch.setattr(scale.machine, "described", lambda: "another machine")
    assert write("prose", 1, 5) == [("prose", 1, 5)], "a page is of one machine"
    assert "left out from now on: 6 lines" in capsys.readouterr().err


def test_a_corpus_that_is_none_is_refused_before_anything_is_measured() -> None:
    with pytest.raises(PipelineError, match="there is no corpus 'name'"):
        scale.main(only="name")
