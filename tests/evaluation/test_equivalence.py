"""How near ours must be to a published number, and in which unit."""

import math

import pytest

from recurrent.evaluation.equivalence import from_scale, kind_of, to_scale, tolerance_of


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("train_loss_smoothed", "loss"),
        ("log_loss", "loss"),
        ("train_perplexity", "perplexity"),
        ("accuracy", "accuracy"),
        ("mape", None),
        ("loss at step 1000", None),  # of a study
    ],
)
def test_a_metric_is_known_by_the_words_of_its_name(metric: str, kind: str | None) -> None:
    assert kind_of(metric) == kind


@pytest.mark.parametrize(
    ("metric", "published", "expected"),
    [
        ("valid_loss", 1.5, 0.02),
        ("train_perplexity", 276.8, 0.05),
        ("train_perplexity", math.exp(0.1), 0.015),
        ("accuracy", 0.979, 0.009069),  # two standard errors on 1,000 names
        ("mape", 0.1, None),
    ],
)
def test_the_tolerance_is_that_of_the_kind(
    metric: str, published: float, expected: float | None
) -> None:
    assert tolerance_of(metric, published, 1000) == pytest.approx(expected, abs=1e-6)


def test_perplexities_are_compared_in_nats_and_others_as_they_are() -> None:
    assert to_scale("train_perplexity", math.e) == 1
    assert from_scale("train_perplexity", 1) == math.e
    assert from_scale("train_perplexity", 1000) == math.inf
    assert to_scale("mape", 0.1) == from_scale("mape", 0.1) == 0.1
