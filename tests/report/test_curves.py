"""Curves of trainings: the mean of the seeds, and which share a chart."""

from pathlib import Path

import pytest

from recurrent.report import curves
from tests.report import made_up


def test_a_curve_is_the_mean_of_the_seeds_by_epoch(folders: dict[str, Path]) -> None:
    path = folders["bundled"] / "history/net.csv"
    curve = curves.read(path, ("train_loss",), perplexity=False)
    assert sorted(curve) == [1, 2, 3, 4, 5, 6]
    assert curve[1] == pytest.approx([5.0, 5.1, 5.2])
    assert curves.read(path, ("nothing", "valid_loss"), True)[6][0] == pytest.approx(1.9477, 1e-3)
    assert curves.read(path.with_name("none.csv"), ("train_loss",), False) == {}


def test_experiments_share_a_chart_by_what_they_have_in_common() -> None:
    trained = {
        name: curves.Training("lines", 160 if name == "late" else 6)
        for name in ("net", "deep", "residual", "other", "late", *(f"more_{n}" for n in range(7)))
    }
    found = curves.groups(made_up.LECTURE, trained)
    assert found[0] == ("as the lecture trains them", ["net", "deep"])
    assert found[1] == ("how deep", ["net", "deep", "residual"])
    assert [len(group.names) for group in found[2:]] == [4, 4, 1]
    assert found[-1].names == ["late"], "160 epochs would hide what six look like"
