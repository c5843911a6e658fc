"""The measurement of overhead: the bare DAG has the project's edges, and DVC finds it unchanged."""

import subprocess
import sys
from pathlib import Path

import pytest

from stages.common.errors import PipelineError
from tests.bench import overhead


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
