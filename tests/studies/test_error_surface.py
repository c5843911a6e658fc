"""The recurrent unit's error: its gradient in two other ways, and what clipping changes."""

from itertools import pairwise
from math import exp, hypot
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from recurrent.studies import error_surface
from recurrent.studies.error_surface import KINDS, Axis, Settings, clip, descend, error

DEFAULT = Settings()
SMALL = Settings(w=Axis(low=4, high=6, points=9), b=Axis(low=-3, high=-2, points=5), updates=40)
W, B = st.floats(2, 8), st.floats(-5, 1)


def by_loop(w: float, b: float) -> float:
    """The equations of the figure."""
    state = 0.5
    for _ in range(50):
        state = w / (1 + exp(-state)) + b
    return (1 / (1 + exp(-state)) - 0.7) ** 2


def of(w: float, b: float) -> tuple[float, np.ndarray]:
    found, gradient = error(np.array([w, b]), DEFAULT)
    return float(found), gradient


@given(w=W, b=B)
def test_the_error_and_its_gradient_are_those_of_the_equations(w: float, b: float) -> None:
    found, gradient = of(w, b)
    assert found == pytest.approx(by_loop(w, b), abs=1e-9)
    assume(hypot(*gradient) < 1)  # on the cliff a difference is no derivative
    step = 1e-6
    by_w = (by_loop(w + step, b) - by_loop(w - step, b)) / (2 * step)
    by_b = (by_loop(w, b + step) - by_loop(w, b - step)) / (2 * step)
    assert gradient == pytest.approx(np.array([by_w, by_b]), rel=1e-3, abs=1e-6)


@given(w=W, b=B)
def test_the_gradient_is_autograds_on_the_cliff_too(w: float, b: float) -> None:
    place = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    state = torch.tensor(0.5, dtype=torch.float64)
    for _ in range(50):
        state = place[0] * torch.sigmoid(state) + place[1]
    ((torch.sigmoid(state) - 0.7) ** 2).backward()
    assert place.grad is not None
    assert of(w, b)[1] == pytest.approx(place.grad.numpy(), rel=1e-6, abs=1e-12)


def test_many_places_at_once_are_as_one_by_one() -> None:
    places = np.random.default_rng(0).uniform((4, -4), (7, -1), (6, 2)).T
    found, gradient = error(places.reshape(2, 2, 3), DEFAULT)
    each = [of(*place) for place in places.T]
    assert found.ravel() == pytest.approx([one for one, _ in each])
    assert gradient.reshape(2, 6) == pytest.approx(np.array([one for _, one in each]).T)


def test_only_larger_norms_are_rescaled_and_the_direction_stays() -> None:
    gradients = np.array([[3.0, 0.3, 0.0], [-4.0, 0.4, 0.0]])
    assert clip(gradients, 1.0) == pytest.approx(np.array([[0.6, 0.3, 0.0], [-0.8, 0.4, 0.0]]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_is_the_learning_rate_times_the_gradient(kind: str) -> None:
    start = np.array([4.325, -2.2])
    gradient = of(*start)[1]
    assert hypot(*gradient) > 5 * DEFAULT.threshold
    if kind == "clipped":
        gradient = gradient / hypot(*gradient) * DEFAULT.threshold
    places = descend(start, kind, DEFAULT)
    assert len(places) == DEFAULT.updates + 1
    assert places[1] == pytest.approx(start - DEFAULT.learning_rate * gradient)
    if kind == "clipped":
        longest = max(hypot(*(other - one)) for one, other in pairwise(places))
        assert longest <= DEFAULT.learning_rate * DEFAULT.threshold + 1e-12


def test_the_cliff_throws_only_the_plain_descent(tmp_path: Path) -> None:
    report = error_surface.run(DEFAULT, tmp_path)
    plain, clipped = report["plain"], report["clipped"]
    assert plain["largest_step"] > 10 * clipped["largest_step"]
    assert plain["final_error"] > 0.05 > 0.001 > clipped["final_error"]
    assert report["cliff"]["gradient_norm"] > 100 * report["gradient_norm_median"]
    assert report["converged"]["clipped"] > report["converged"]["plain"] + 0.2
    assert report["converged"]["starts"] == 21 * 21


@pytest.mark.parametrize("kind", KINDS)
def test_the_paths_do_not_depend_on_a_last_digit(kind: str) -> None:
    start = np.array([DEFAULT.start_w, DEFAULT.start_b])
    moved = descend(start + 1e-15, kind, DEFAULT)
    assert moved == pytest.approx(descend(start, kind, DEFAULT), abs=1e-6)


def test_tables_and_report_agree_and_are_the_same_each_time(tmp_path: Path) -> None:
    report = error_surface.run(SMALL, tmp_path)
    surface, paths = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("surface", "paths"))
    written = (tmp_path / "paths.csv").read_bytes()
    assert (len(surface), [*surface["b"][:5]]) == (9 * 5, [-3, -2.75, -2.5, -2.25, -2])
    errors = [by_loop(w, b) for w, b in surface[["w", "b"]].to_numpy()]
    assert [*surface["error"]] == pytest.approx(errors, rel=1e-4)
    for kind in KINDS:
        path = paths[paths["descent"] == kind]
        assert [*path["step"]] == [*range(41)]
        assert report[kind]["final_error"] == path["error"].iloc[-1]
        assert report[kind]["largest_gradient_norm"] == path["gradient_norm"].max()
    starts = [(w, b) for w in (4, 5, 6) for b in (-3, -2)]
    ends = [by_loop(*descend(np.array(start), "plain", SMALL)[-1]) for start in starts]
    share = sum(end < SMALL.low for end in ends) / 6
    assert 0 < share < 1
    assert report["converged"]["plain"] == pytest.approx(share, rel=1e-5)
    assert error_surface.run(SMALL, tmp_path) == report
    assert (tmp_path / "paths.csv").read_bytes() == written
