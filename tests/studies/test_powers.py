"""Powers: the spectral radius decides in the long run, the singular values at first."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.studies import powers
from recurrent.studies.powers import Settings, norms, orthogonal, spectral_radius

SMALL = Settings(hidden=8, steps=12, every=5)


@given(angle=st.floats(0, 6.3), factor=st.floats(0.1, 3))
def test_the_radius_counts_complex_eigenvalues_too(angle: float, factor: float) -> None:
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert spectral_radius(rotation * factor) == pytest.approx(factor)


@given(seed=st.integers(0, 1000), size=st.integers(2, 6))
def test_norms_are_those_of_the_powers(seed: int, size: int) -> None:
    matrix = np.random.default_rng(seed).standard_normal((size, size))
    direct = [np.linalg.svd(np.linalg.matrix_power(matrix, step))[1][0] for step in range(6)]
    assert norms(matrix, 5) == pytest.approx(direct, rel=1e-9)


@given(seed=st.integers(0, 1000), factor=st.floats(0.5, 1.5))
def test_an_orthogonal_matrix_grows_as_its_factor_does(seed: int, factor: float) -> None:
    matrix = orthogonal(np.random.default_rng(seed), 5)
    assert matrix @ matrix.T == pytest.approx(np.eye(5), abs=1e-12)
    assert norms(matrix * factor, 10) == pytest.approx([factor**step for step in range(11)])


def test_the_lectures_two_powers(tmp_path: Path) -> None:
    report = powers.run(Settings(hidden=4), tmp_path)
    assert round(report["powers"]["1.01"], 1) == 37.8
    assert round(report["powers"]["0.99"], 2) == 0.03


def test_the_table_has_every_so_many_steps_and_the_last(tmp_path: Path) -> None:
    report = powers.run(SMALL, tmp_path)
    table = pd.read_csv(tmp_path / "powers.csv")
    assert [*table["step"]] == [0, 5, 10, 12] * 3
    assert [*table["scalar"]] == pytest.approx([*table["factor"] ** table["step"]], rel=1e-5)
    assert [*table["orthogonal_norm"]] == pytest.approx([*table["scalar"]], rel=1e-5)
    last = table[table["step"] == 12].set_index("factor")["matrix_norm"]
    assert all(report["matrix_norm"][str(f)]["last"] == last[f] for f in SMALL.factors)
    written = (tmp_path / "powers.csv").read_bytes()
    assert powers.run(SMALL, tmp_path) == report
    assert (tmp_path / "powers.csv").read_bytes() == written


def test_the_radius_decides_in_the_long_run_and_singular_values_at_first(tmp_path: Path) -> None:
    settings = Settings(hidden=16, every=1, steps=2000)
    report = powers.run(settings, tmp_path)
    table = pd.read_csv(tmp_path / "powers.csv")
    for factor in settings.factors:
        norm = table["matrix_norm"][table["factor"] == factor].to_numpy()
        assert report["spectral_radius"][str(factor)] == factor
        assert report["largest_singular_value"][str(factor)] == norm[1] > 1.2 * factor
        assert (norm[-1] / norm[1000]) ** (1 / 1000) == pytest.approx(factor, abs=1e-3)
        highest = report["matrix_norm"][str(factor)]
        assert (highest["largest"], highest["largest_at"]) == (norm.max(), norm.argmax())
