"""The measurement of overhead: the bare DAG has the project's edges, and DVC finds it unchanged."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import overhead
from recurrent.errors import PipelineError


def test_the_edges_are_those_of_the_project() -> None:
    dag = overhead.edges()
    assert dag["download@names"] == []
    assert dag["clean@names"] == ["download@names"]
    assert dag[f"train@{overhead.TRAINING}"] == ["encode@lyrics_lecture"]
    assert "train@sales_network_vectors" in dag["embed@sales_vectors"]
    assert {name for name in dag if name.startswith("train@")} <= {*dag["evaluate"]}
    assert "evaluate" in dag["report"]


@pytest.mark.parametrize("with_params", [False, True])
def test_a_dag_of_the_same_edges_runs_and_is_then_up_to_date(
    with_params: bool, tmp_path: Path
) -> None:
    folder = tmp_path / "like"
    overhead.like({"make@a": [], "join": ["make@a"]}, folder, with_params=with_params)
    assert (folder / "join.out").exists()
    dvc = Path(sys.executable).parent / "dvc"
    said = subprocess.run([dvc, "repro"], cwd=folder, capture_output=True, text=True, check=True)
    assert "up to date" in said.stdout
    assert ("params.yaml" in (folder / "dvc.lock").read_text()) == with_params


def test_a_command_that_fails_is_not_timed(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="mended"):
        overhead.run([sys.executable, "-c", "raise SystemExit('to be mended')"], tmp_path)


def test_the_page_says_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead, "OUT", tmp_path)
    found = {name: float(number) for number, name in enumerate(overhead.WHAT, start=1)}
    overhead.write(found, stages=119, lines=9800, repeats=5)
    page = " ".join((tmp_path / "overhead.md").read_text(encoding="utf-8").split())
    assert "`dvc repro` takes 3.0 times what DVC takes for as many stages" in page
    assert "and 1.5 times what it takes when each of them names a key" in page
    assert "A training costs 1.0 s beside what it learns: 6.0 s in its own process" in page
    assert "what it costs (1.0 s) is seen" in page
    assert "(9,800 lines)" in page and "compiler besides: 1.0 s more" in page
    for what, seconds in zip(overhead.WHAT.values(), found.values(), strict=True):
        assert f"| {what} | {seconds:.2f} |" in page
    assert len((tmp_path / "overhead.csv").read_text().splitlines()) == 1 + len(overhead.WHAT)
