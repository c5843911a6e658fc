"""Seeds as mean and standard deviation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.evaluation.aggregate import over_seeds, perplexity, rounded


def test_several_seeds_have_a_mean_and_a_sample_deviation() -> None:
    by_seed = {
        0: {"accuracy": 0.9, "log_loss": 0.5},
        1: {"accuracy": 0.8, "log_loss": 0.5},
        7: {"accuracy": 0.7, "log_loss": 0.2},
    }
    means, sds = over_seeds(by_seed)
    assert means == {"accuracy": 0.8, "log_loss": 0.4}
    assert sds == {"accuracy": 0.1, "log_loss": 0.173205}


def test_a_single_seed_has_no_deviation() -> None:
    assert over_seeds({3: {"accuracy": 0.12345678}}) == ({"accuracy": 0.123457}, None)


@given(st.dictionaries(st.integers(0, 99), st.floats(0, 10), min_size=2, max_size=6))
def test_the_mean_lies_among_the_seeds(found: dict[int, float]) -> None:
    means, sds = over_seeds({seed: {"loss": value} for seed, value in found.items()})
    assert min(found.values()) - 1e-6 <= means["loss"] <= max(found.values()) + 1e-6
    mean = math.fsum(found.values()) / len(found)
    variance = sum((x - mean) ** 2 for x in found.values()) / (len(found) - 1)
    assert sds is not None and sds["loss"] == pytest.approx(math.sqrt(variance), abs=2e-6)


def test_a_loss_too_large_for_a_perplexity_is_infinite() -> None:
    assert perplexity(math.log(7)) == pytest.approx(7)
    assert perplexity(1000) == math.inf


def test_floats_are_rounded_at_any_depth_and_nothing_else_changes() -> None:
    value = {"a": [1.23456789, {"b": 2.00000049}], "n": 3, "name": "x", "none": None, "yes": True}
    expected = {"a": [1.234568, {"b": 2.0}], "n": 3, "name": "x", "none": None, "yes": True}
    assert rounded(value) == expected
