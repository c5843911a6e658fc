"""Powers of numbers and matrices: the radius rules in the end, the singular values at first."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.studies import powers
from recurrent.studies.powers import Settings, norms, orthogonal, radius

SMALL = Settings(hidden=8, steps=12, every=5)


@given(angle=st.floats(0, 6.3), factor=st.floats(0.1, 3))
def test_the_radius_is_the_size_of_complex_eigenvalues_too(angle: float, factor: float) -> None:
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert radius(rotation * factor) == pytest.approx(factor)


def test_a_triangle_s_norm_is_not_its_radius() -> None:
    matrix = np.array([[0.5, 8.0], [0.0, -0.9]])
    assert radius(matrix) == pytest.approx(0.9)
    assert norms(matrix, 1)[1] > 8


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


def test_the_lecture_s_two_powers(tmp_path: Path) -> None:
    report = powers.demonstrate(Settings(hidden=4), tmp_path)
    assert round(report["powers"]["1.01"], 1) == 37.8
    assert round(report["powers"]["0.99"], 2) == 0.03
    assert report["powers"]["1.0"] == 1


def test_the_table_has_every_so_many_steps_and_the_last(tmp_path: Path) -> None:
    report = powers.demonstrate(SMALL, tmp_path)
    table = pd.read_csv(tmp_path / "powers.csv")
    assert [*table["step"]] == [0, 5, 10, 12] * 3
    assert [*table["factor"].unique()] == [0.99, 1, 1.01]
    assert [*table["scalar"]] == pytest.approx([*table["factor"] ** table["step"]], rel=1e-5)
    assert [*table["orthogonal_norm"]] == pytest.approx([*table["scalar"]], rel=1e-5)
    assert (table["matrix_norm"][table["step"] == 0] == 1).all()
    last = table[table["step"] == 12].set_index("factor")["matrix_norm"]
    for factor in SMALL.factors:
        found = report["matrix_norm"][str(factor)]
        assert found["last"] == last[factor]
        assert found["largest"] >= table["matrix_norm"][table["factor"] == factor].max()


def test_where_the_norm_is_largest_is_found_between_the_lines_of_the_table(tmp_path: Path) -> None:
    coarse = Settings(hidden=32, steps=60, every=60, factors=(0.9,))
    fine = coarse.model_copy(update={"every": 1})
    report = powers.demonstrate(fine, tmp_path)
    table = pd.read_csv(tmp_path / "powers.csv")
    found = powers.demonstrate(coarse, tmp_path)["matrix_norm"]["0.9"]
    assert report["matrix_norm"]["0.9"] == found
    highest = table["matrix_norm"].idxmax()
    assert 0 < found["largest_at"] < 60
    assert (found["largest_at"], found["largest"]) == (
        table["step"][highest],
        table["matrix_norm"][highest],
    )


def test_the_radius_rules_in_the_end_and_the_singular_values_at_first(tmp_path: Path) -> None:
    settings = Settings(hidden=16, every=1, steps=2000)
    report = powers.demonstrate(settings, tmp_path)
    table = pd.read_csv(tmp_path / "powers.csv")
    for factor in settings.factors:
        norm = table["matrix_norm"][table["factor"] == factor].to_numpy()
        assert report["radius"][str(factor)] == factor
        assert report["largest_singular_value"][str(factor)] == norm[1]
        assert norm[1] > 1.2 * factor
        assert (norm[-1] / norm[1000]) ** (1 / 1000) == pytest.approx(factor, abs=1e-3)
        assert (norm >= factor ** np.arange(2001) * 0.99999).all()


def test_the_same_settings_write_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    other = SMALL.model_copy(update={"seed": 1})
    written = []
    for settings in (SMALL, SMALL, other):
        report = powers.demonstrate(settings, tmp_path)
        written.append((report, (tmp_path / "powers.csv").read_bytes()))
    assert written[0] == written[1]
    assert written[0][1] != written[2][1]
    assert written[0][0]["largest_singular_value"] != written[2][0]["largest_singular_value"]
