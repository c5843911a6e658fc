"""What MLflow is shown of an experiment: its final figures, and its files as they stand."""

from pathlib import Path

import pytest

from recurrent import config as params
from recurrent import files, paths
from recurrent.tracking.publish import digest, figures, publish_or_warn
from tests.project import Project

NAMES = {
    "mean": {"accuracy": 0.9},
    "spread": {"accuracy": 0.01},
    "together": {"accuracy": 0.92},
    "floor": {"accuracy": 0.95},
    "first_seed": {"by_class": {"男": {"precision": 0.8, "recall": 0.7, "names": 5}}},
}
TEXT = {"mean": {"loss": 1.5, "perplexity": 4.48}, "floor": None}


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An experiment that is trained and evaluated, and shows no samples."""
    monkeypatch.chdir(tmp_path)
    written = [paths.history, paths.gradients, paths.health, paths.evaluation]
    for path in (*(place("toy") for place in written), paths.model("toy") / "spec.json"):
        files.write_text(path, "{}\n")
    return "toy"


def test_the_figures_of_a_classifier_are_named_by_kind_and_class() -> None:
    assert dict(figures(NAMES)) == {
        "final/accuracy": 0.9,
        "final/accuracy_spread": 0.01,
        "final/accuracy_together": 0.92,
        "final/accuracy_best_possible": 0.95,
        "final/precision_男": 0.8,
        "final/recall_男": 0.7,
    }


def test_a_language_model_has_no_classes_and_may_have_no_floor() -> None:
    assert dict(figures(TEXT)) == {"final/loss": 1.5, "final/perplexity": 4.48}


def test_an_experiment_without_samples_has_a_state_too(measured: str) -> None:
    assert digest(measured) == digest(measured)


@pytest.mark.parametrize(
    "path",
    [
        paths.samples("toy"),
        paths.evaluation("toy"),
        paths.history("toy"),
        paths.gradients("toy"),
        paths.health("toy"),
        paths.model("toy") / "x",
    ],
    ids=str,
)
def test_every_file_that_a_run_shows_is_part_of_its_state(measured: str, path: Path) -> None:
    before = digest(measured)
    files.write_text(path, "new")
    assert digest(measured) != before


def test_a_server_that_is_not_there_costs_publish_a_warning(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("recurrent.tracking.publish.is_complete", lambda name: True)
    monkeypatch.setattr("recurrent.tracking.publish.digest", lambda name: "state")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    publish_or_warn(params.load())
    said = capsys.readouterr().err
    assert "warning: MLflow is not up to date" in said
    assert "make publish" in said
