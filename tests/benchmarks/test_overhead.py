"""The overhead benchmark: a bare pipeline with the project's dependencies, and the page."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import overhead
from recurrent.common.errors import PipelineError


def test_the_dependencies_are_those_of_dvc_yaml() -> None:
    stages = overhead.dependencies()
    assert stages["download@names"] == []
    assert stages["clean@names"] == ["download@names"]
    data = ["encode@lyrics_held_out", "encode@lyrics_lecture"]
    assert stages[f"train@{overhead.EXPERIMENT}"] == data
    assert "train@sales_networks" in stages["embed@sales_vectors"]
    assert {name for name in stages if name.startswith("evaluate@")} <= {*stages["compare"]}
    assert "compare" in stages["report"]


@pytest.mark.parametrize("with_params", [False, True])
def test_a_bare_pipeline_is_up_to_date(with_params: bool, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    overhead.make_bare({"make@a": [], "join": ["make@a"]}, folder, with_params=with_params)
    assert (folder / "join.out").exists()
    dvc = Path(sys.executable).parent / "dvc"
    done = subprocess.run([dvc, "repro"], cwd=folder, capture_output=True, text=True, check=True)
    assert "up to date" in done.stdout
    assert ("params.yaml" in (folder / "dvc.lock").read_text()) == with_params


def test_a_command_that_fails_is_not_timed(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no such thing"):
        overhead.run([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)


def test_the_page_says_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead, "OUT", tmp_path)
    found = {name: float(number) for number, name in enumerate(overhead.WHAT, start=1)}
    overhead.write(found, stages=60, lines=9800, repeats=5)
    page = " ".join((tmp_path / "overhead.md").read_text(encoding="utf-8").split())
    assert "`dvc repro` takes 3.0 times as long as for a bare pipeline" in page
    assert "60 stages; dvc.lock has 9,800 lines" in page
    assert "costs 2.0 s besides its arithmetic if it trains, and 1.0 s if it only copies" in page
    assert "An optimiser** costs 1.0 s more" in page
    assert all(f"| {what} | {found[name]:.2f} |" in page for name, what in overhead.WHAT.items())
    assert len((tmp_path / "overhead.csv").read_text().splitlines()) == 1 + len(overhead.WHAT)
