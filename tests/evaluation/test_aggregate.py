import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.evaluation.aggregate import over_seeds, rounded

FIGURES = st.floats(0, 10)
SEEDS = st.integers(0, 99)


def test_several_seeds_are_a_mean_and_a_sample_deviation() -> None:
    summary = over_seeds(
        {
            0: {"accuracy": 0.9, "log_loss": 0.5},
            1: {"accuracy": 0.8, "log_loss": 0.5},
            7: {"accuracy": 0.7, "log_loss": 0.2},
        }
    )
    assert summary == {
        "mean": {"accuracy": 0.8, "log_loss": 0.4},
        "spread": {"accuracy": 0.1, "log_loss": 0.173205},
    }


def test_one_seed_has_no_spread() -> None:
    assert over_seeds({3: {"accuracy": 0.12345678}}) == {"mean": {"accuracy": 0.123457}}


@given(st.dictionaries(SEEDS, st.fixed_dictionaries({"accuracy": FIGURES}), min_size=2, max_size=6))
def test_the_mean_lies_among_the_seeds_and_equal_seeds_have_no_spread(
    by_seed: dict[int, dict[str, float]],
) -> None:
    found = [figures["accuracy"] for figures in by_seed.values()]
    summary = over_seeds(by_seed)
    assert min(found) - 1e-6 <= summary["mean"]["accuracy"] <= max(found) + 1e-6
    variance = sum((x - math.fsum(found) / len(found)) ** 2 for x in found) / (len(found) - 1)
    assert summary["spread"]["accuracy"] == pytest.approx(math.sqrt(variance), abs=2e-6)


def test_floats_are_rounded_however_deep_and_nothing_else_is_touched() -> None:
    value = {"a": [1.23456789, {"b": 2.00000049}], "n": 3, "name": "x", "none": None, "yes": True}
    assert rounded(value) == {
        "a": [1.234568, {"b": 2.0}],
        "n": 3,
        "name": "x",
        "none": None,
        "yes": True,
    }
