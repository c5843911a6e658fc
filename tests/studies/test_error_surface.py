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
from recurrent.studies.error_surface import Axis, Settings, clip, descend, error

DEFAULT = Settings()
SMALL = Settings(w=Axis(low=4, high=6, points=9), b=Axis(low=-3, high=-2, points=5), updates=40)
W, B = st.floats(2, 8), st.floats(-5, 1)


def by_loop(w: float, b: float) -> float:
    """The figure's own words."""
    state = 0.5
    for _ in range(50):
        state = w / (1 + exp(-state)) + b
    return (1 / (1 + exp(-state)) - 0.7) ** 2


def of(w: float, b: float, settings: Settings = DEFAULT) -> tuple[float, np.ndarray]:
    found, gradient = error(np.array([w, b]), settings)
    return float(found), gradient


@given(w=W, b=B)
def test_the_error_is_that_of_the_last_of_fifty_states(w: float, b: float) -> None:
    assert of(w, b)[0] == pytest.approx(by_loop(w, b), abs=1e-9)


@given(w=W, b=B)
def test_the_gradient_is_that_of_finite_differences(w: float, b: float) -> None:
    found = of(w, b)[1]
    assume(hypot(*found) < 1)  # on the wall a difference is no derivative
    step = 1e-6
    by_w = (by_loop(w + step, b) - by_loop(w - step, b)) / (2 * step)
    by_b = (by_loop(w, b + step) - by_loop(w, b - step)) / (2 * step)
    assert found == pytest.approx(np.array([by_w, by_b]), rel=1e-3, abs=1e-6)


@given(w=W, b=B)
def test_the_gradient_is_autograd_s_on_the_wall_too(w: float, b: float) -> None:
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


def test_settings_of_the_unit_are_used() -> None:
    short = Settings(steps=1, state=0.0, target=0.5)
    output = 1 / (1 + exp(-(2 * 0.5 + 1)))
    assert of(2, 1, short)[0] == pytest.approx((output - 0.5) ** 2)


@pytest.mark.parametrize(
    ("gradient", "clipped"),
    [([3.0, -4.0], [0.6, -0.8]), ([0.3, 0.4], [0.3, 0.4]), ([0.0, 0.0], [0.0, 0.0])],
)
def test_only_a_greater_norm_is_rescaled_and_its_direction_stays(
    gradient: list[float], clipped: list[float]
) -> None:
    assert clip(np.array(gradient), 1.0) == pytest.approx(clipped)


def test_each_of_many_gradients_is_clipped_by_its_own_norm() -> None:
    assert clip(np.array([[3.0, 0.3], [4.0, 0.4]]), 1.0) == pytest.approx(
        np.array([[0.6, 0.3], [0.8, 0.4]])
    )


@pytest.mark.parametrize("kind", error_surface.KINDS)
def test_a_step_of_a_descent_is_the_rate_times_the_gradient(kind: str) -> None:
    start = np.array([4.325, -2.2])
    gradient = of(*start)[1]
    assert hypot(*gradient) > 5 * DEFAULT.threshold
    if kind == "clipped":
        gradient = gradient / hypot(*gradient) * DEFAULT.threshold
    places = descend(start, kind, DEFAULT)
    assert len(places) == DEFAULT.updates + 1
    assert places[0] == pytest.approx(start)
    assert places[1] == pytest.approx(start - DEFAULT.rate * gradient)


def test_no_clipped_step_is_longer_than_the_rate_times_the_threshold() -> None:
    start = np.array([DEFAULT.start_w, DEFAULT.start_b])
    for one, other in pairwise(descend(start, "clipped", DEFAULT)):
        assert hypot(*(other - one)) <= DEFAULT.rate * DEFAULT.threshold + 1e-12


def test_by_the_settings_the_wall_throws_the_plain_descent_alone(tmp_path: Path) -> None:
    report = error_surface.demonstrate(DEFAULT, tmp_path)
    plain, clipped = report["plain"], report["clipped"]
    assert plain["largest_step"] > 10 * clipped["largest_step"]
    assert plain["final_error"] > 0.05 > 0.001 > clipped["final_error"]
    assert clipped["largest_gradient_norm"] > plain["largest_gradient_norm"] > 1
    assert report["wall"]["gradient_norm"] > 100 * report["gradient_norm_median"]
    assert report["arrived"]["clipped"] > report["arrived"]["plain"] + 0.2
    assert report["arrived"]["starts"] == 21 * 21


def test_the_paths_do_not_hang_on_a_last_digit() -> None:
    start = np.array([DEFAULT.start_w, DEFAULT.start_b])
    for kind in error_surface.KINDS:
        moved = descend(start + 1e-15, kind, DEFAULT)
        assert moved == pytest.approx(descend(start, kind, DEFAULT), abs=1e-6)


def test_the_tables_are_of_the_grid_and_of_both_paths(tmp_path: Path) -> None:
    report = error_surface.demonstrate(SMALL, tmp_path)
    surface = pd.read_csv(tmp_path / "surface.csv")
    assert len(surface) == 9 * 5
    assert (surface["w"].min(), surface["w"].max()) == (4, 6)
    assert [*surface["b"][:5]] == [-3, -2.75, -2.5, -2.25, -2]
    for row in surface.itertuples():
        assert row.error == pytest.approx(by_loop(row.w, row.b), rel=1e-4)
    norms = [hypot(*of(row.w, row.b)[1]) for row in surface.itertuples()]
    wall = surface.iloc[int(np.argmax(norms))]
    assert report["wall"] == {
        "w": wall["w"],
        "b": wall["b"],
        "gradient_norm": pytest.approx(max(norms), rel=1e-4),
    }
    assert report["gradient_norm_median"] == pytest.approx(np.median(norms), rel=1e-4)

    paths = pd.read_csv(tmp_path / "paths.csv")
    assert [*paths["step"]] == [*range(41), *range(41)]
    for kind, path in paths.groupby("descent"):
        assert [*path.iloc[0][["w", "b"]]] == [SMALL.start_w, SMALL.start_b]
        assert report[kind]["final_error"] == path["error"].iloc[-1]
        assert report[kind]["largest_gradient_norm"] == path["gradient_norm"].max()
        lengths = [hypot(*step) for step in np.diff(path[["w", "b"]].to_numpy(), axis=0)]
        assert report[kind]["largest_step"] == pytest.approx(max(lengths), rel=1e-3)
        for row in path.iloc[:10].itertuples():
            found, gradient = of(row.w, row.b)
            assert (row.error, row.gradient_norm) == pytest.approx(
                (found, hypot(*gradient)), rel=2e-3
            )


def test_the_share_that_arrived_is_of_descents_that_end_low(tmp_path: Path) -> None:
    report = error_surface.demonstrate(SMALL, tmp_path)
    ends = [
        by_loop(*descend(np.array([w, b]), "plain", SMALL)[-1]) for w in (4, 5, 6) for b in (-3, -2)
    ]
    share = sum(end < SMALL.low for end in ends) / 6
    assert 0 < share < 1
    assert report["arrived"]["plain"] == pytest.approx(share, rel=1e-5)
    assert report["arrived"]["starts"] == 6


def test_the_same_settings_write_the_same_bytes(tmp_path: Path) -> None:
    reports = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        reports.append(error_surface.demonstrate(SMALL, tmp_path / name))
    assert reports[0] == reports[1]
    for name in ("surface.csv", "paths.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
