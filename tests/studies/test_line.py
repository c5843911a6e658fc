"""A line's descent: all draws at once as one by one, and the lecture's own steps by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from recurrent.studies import line
from recurrent.studies.line import ByHand, Settings

SMALL = Settings(points=200, steps=50, every=10, draws=5, by_hand=ByHand(frames=3, updates=2))
NUMBERS = st.floats(-20, 20)


def drawn(count: int | tuple[int, ...], seed: int = 0) -> tuple[line.Numbers, line.Numbers]:
    return line.gen_fake_data(np.random.default_rng(seed), count, Settings())


def test_the_points_lie_around_the_lectures_line_with_its_noise() -> None:
    x, y = drawn(100_000)
    slope, intercept = np.polyfit(x, y, 1)
    assert (slope, intercept) == pytest.approx((3, 8), abs=0.02)
    assert (y - 3 * x - 8).std() == pytest.approx(0.3, rel=0.02)


@given(a=NUMBERS, b=NUMBERS, seed=st.integers(0, 1000), count=st.integers(2, 40))
def test_five_means_give_the_loss_of_the_points(a: float, b: float, seed: int, count: int) -> None:
    x, y = drawn(count, seed)
    direct = np.mean([(a * one + b - other) ** 2 for one, other in zip(x, y, strict=True)])
    of = line.means(x, y)
    assert line.loss_on_means(np.array(a), np.array(b), of) == pytest.approx(direct, abs=1e-9)
    assert line.mse_loss(a, b, x, y) == pytest.approx(direct, abs=1e-9)


def test_all_draws_at_once_descend_as_autograd_does_on_each() -> None:
    settings = Settings(points=500, steps=400, every=80, learning_rate=0.02)
    data = [drawn(settings.points, seed) for seed in range(3)]
    starts = np.array([[-1.5, 0.3, 2.0], [0.5, -2.0, 9.0]])
    at_once = line.on_means(np.stack([line.means(*pair) for pair in data], 1), starts, settings)
    for number, (x, y) in enumerate(data):
        a, b = starts[:, number]
        one = line.by_autograd(x, y, a, b, settings)
        assert [losses[number] for losses in at_once] == pytest.approx(one, rel=1e-4)
        assert len(one) == 5
        assert one[0] == pytest.approx(line.mse_loss(a, b, x, y), rel=1e-5)


def test_autograd_stops_at_the_least_squares_line() -> None:
    x, y = drawn(300)
    settings = Settings(steps=3001, every=3000, learning_rate=0.3)
    slope, intercept = np.polyfit(x, y, 1)
    best = line.mse_loss(slope, intercept, x, y)
    assert line.by_autograd(x, y, 0, 0, settings)[-1] == pytest.approx(best, rel=1e-4)


def test_a_frame_shows_the_line_before_its_updates() -> None:
    x, y = np.array([0.0, 1.0]), np.array([8.0, 11.0])
    states = line.frames_by_hand(x, y, ByHand(frames=2, updates=1))
    # At a = -1, b = 1 the line is at 1 and 0: 7 and 11 too low.
    assert states[:2] == [(-1, 1), pytest.approx((-1 + 0.01 * 11, 1 + 0.01 * (7 + 11)))]
    one_by_one = line.frames_by_hand(x, y, ByHand(frames=6, updates=1))
    assert line.frames_by_hand(x, y, ByHand(frames=2, updates=3)) == one_by_one[::3]


def test_each_draw_has_a_start_and_points_of_its_own(tmp_path: Path) -> None:
    settings = Settings(points=100, steps=201, every=200, learning_rate=0.5, draws=400)
    losses = line.run(settings, tmp_path)["losses"]
    # Expected of a and b from N(0, 1), and of the best line through 100 points.
    assert losses["0"]["mean"] == pytest.approx(92.4, abs=5)
    assert losses["0"]["sd"] == pytest.approx(21, abs=4)
    assert losses["200"]["mean"] == pytest.approx(0.09 * 98 / 100, abs=0.004)
    assert losses["200"]["sd"] == pytest.approx(0.09 * (2 / 100) ** 0.5, abs=0.003)
    assert losses["0"]["draws"] == losses["200"]["draws"] == 400


def test_the_lectures_two_errors_have_their_expected_means(tmp_path: Path) -> None:
    found = line.run(SMALL.model_copy(update={"draws": 400}), tmp_path)["by_hand"]
    for key, (a, b) in {"mse_10_5": (10, 5), "start": (-1, 1)}.items():
        expected = (a - 3) ** 2 / 3 + (a - 3) * (b - 8) + (b - 8) ** 2 + 0.09
        assert found[key]["mean"] == pytest.approx(expected, abs=5 * found[key]["sd"] / 20)


def test_a_distribution_is_that_of_its_values() -> None:
    found = line._over_draws(np.arange(41.0), 7)
    sd = pytest.approx(np.std(range(41), ddof=1), rel=1e-5)
    quantiles = {"median": 20, "low": 1, "high": 39}
    assert found == {"mean": 20, "sd": sd, **quantiles, "run": 7, "draws": 41}


def test_tables_and_report_agree_and_are_the_same_each_time(tmp_path: Path) -> None:
    reports = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        reports.append(line.run(SMALL, tmp_path / name))
    assert reports[0] == reports[1]
    written = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert written == ["by_hand.csv", "by_hand.gif", "losses.csv", "points.csv"]
    for name in written:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    losses = pd.read_csv(tmp_path / "one/losses.csv")
    assert [*losses["step"]] == [0, 10, 20, 30, 40]
    assert [*losses["loss"]] == [found["run"] for found in reports[0]["losses"].values()]
    assert losses["loss"].is_monotonic_decreasing and (losses["low"] < losses["high"]).all()
    points, frames = (
        pd.read_csv(tmp_path / "one" / f"{name}.csv") for name in ("points", "by_hand")
    )
    error = ((10 * points["x"] + 5 - points["y"]) ** 2).mean()
    assert reports[0]["by_hand"]["mse_10_5"]["run"] == pytest.approx(error, rel=1e-4)
    assert frames["loss"][0] == reports[0]["by_hand"]["start"]["run"]
    with Image.open(tmp_path / "one/by_hand.gif") as animation:
        assert len([*ImageSequence.Iterator(animation)]) == 3
