"""Two models on the same records: the difference, its error, and what may be said of it."""

import numpy as np
import pytest

from stages import params
from stages.evaluation.paired import against_baselines, difference, verdict
from tests.pipeline.imports import ROOT

REAL = params.load(ROOT / "params.yaml")


def test_the_error_is_that_of_paired_differences() -> None:
    ours, theirs = np.array([1, 1, 1, 0.0]), np.array([1, 0, 1, 1.0])
    compared = difference(ours, theirs)
    assert compared["difference"] == 0
    assert compared["standard_error"] == pytest.approx(np.std([0, 1, 0, -1], ddof=1) / 2)


def test_models_that_err_on_the_same_records_differ_surely() -> None:
    rng = np.random.default_rng(0)
    theirs = (rng.random(1000) < 0.8).astype(float)
    ours = theirs.copy()
    ours[np.flatnonzero(theirs == 0)[:30]] = 1
    alone = np.sqrt(0.8 * 0.2 / 1000)
    compared = difference(ours, theirs)
    assert compared["difference"] == pytest.approx(0.03)
    assert compared["standard_error"] < alone / 2


@pytest.mark.parametrize(
    ("gap", "word"),
    [(0.01, "beats"), (0.0059, "level with"), (-0.005, "level with"), (-0.02, "behind")],
)
def test_a_difference_within_two_errors_is_none(gap: float, word: str) -> None:
    said = verdict("logistic", {"difference": gap, "standard_error": 0.003})
    assert said == f"{word} logistic ({gap:+.4f} ± 0.0030)"


def test_the_rival_is_the_best_baseline_on_the_same_dataset() -> None:
    right = {name: np.tile([0.0, 1.0], 50) for name in REAL.experiments}
    right["names_logistic"] = np.tile([0.0, 1.0, 1.0, 1.0], 25)
    right["names_all_bayes"] = np.ones(100)  # better still, on other names
    compared = against_baselines(REAL, right, {})
    assert compared["names_gru"]["baseline"] == "names_logistic"
    assert compared["names_gru"]["seeds"]["difference"] == -0.25
    assert "names_logistic" not in compared
    assert "names_rnn" not in compared, "no baseline is trained on the lecture's 10,000 names"
