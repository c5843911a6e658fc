"""Differences between the checkouts of a worker and the coordinator."""

import pytest

from recurrent.cluster.checkout import describe, differences
from recurrent.common.config import Runtime

OURS = {"commit": "b2", "torch": "2.13.0", "numpy": "2.4.0", "code": "1234"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"torch": "2.12.1"}, "has torch 2.12.1, this project has 2.13.0"),
        ({"commit": "a1", "code": "99"}, "has commit a1, this project has b2"),
        ({"code": "99"}, "has other code than this project, at the same commit"),
        (
            {"torch": "2.12.1", "numpy": "(missing)"},
            "has torch 2.12.1, this project has 2.13.0 and has numpy (missing), this project has "
            "2.4.0",
        ),
    ],
)
def test_differences_are_named(changes: dict[str, str], said: str) -> None:
    assert differences({**OURS, **changes}, OURS) == said


def test_a_checkout_is_described_by_all_that_its_runs_depend_on() -> None:
    found = describe(Runtime(device="cpu"))
    assert {"commit", "Python", "torch", "numpy", "safetensors", "arithmetic", "code"} <= {*found}
    assert all(found.values())
    fast = describe(Runtime(device="cpu", reproducible="fast"))
    assert differences(fast, found).startswith("has arithmetic cpu, threads 1, full, fast")
