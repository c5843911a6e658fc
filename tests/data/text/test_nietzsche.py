"""Lesson six prints the first windows of Nietzsche: ours have the same numbers."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recurrent.common import config, paths
from recurrent.data.text.dataset import RunningText
from recurrent.data.text.encode import Settings, encode
from stages import clean, download
from tests.project import Project

AT_STRIDE_1 = [
    [40, 42, 29, 30, 25, 27, 29, 1],
    [42, 29, 30, 25, 27, 29, 1, 1],
    [29, 30, 25, 27, 29, 1, 1, 1],
    [30, 25, 27, 29, 1, 1, 1, 43],
]
AFTER_EACH = [1, 1, 43, 45]
AT_STRIDE_8 = [
    [40, 42, 29, 30, 25, 27, 29, 1],
    [1, 1, 43, 45, 40, 40, 39, 43],
    [33, 38, 31, 2, 73, 61, 54, 73],
    [2, 44, 71, 74, 73, 61, 2, 62],
]
SHIFTED_BY_ONE = [
    [42, 29, 30, 25, 27, 29, 1, 1],
    [1, 43, 45, 40, 40, 39, 43, 33],
    [38, 31, 2, 73, 61, 54, 73, 2],
    [44, 71, 74, 73, 61, 2, 62, 72],
]


@pytest.fixture
def nietzsche(project: Project, mirror: Path) -> None:
    """Download and clean the lecture's file; skip the test if the mirror lacks it."""
    project.edit({"source": "upstream"})
    settings = config.load()
    _, origin = download.source(settings, "prose", settings.corpora["prose"])
    if not (mirror / origin["name"]).is_file():
        pytest.skip(f"the mirror has no {origin['name']}")
    download.main("prose")
    clean.main("prose")


def encoded(dataset: str) -> tuple[RunningText, NDArray[np.uint16]]:
    """Encode by the settings in params.yaml; return the windows with their last targets, too."""
    settings = Settings.model_validate(config.load().datasets[dataset].settings)
    data, _ = encode(paths.clean("prose"), settings)
    starts = np.sort(np.concatenate([*data.starts.values()]))
    return data, data.ids[starts[:, None] + np.arange(data.window + 1)]


@pytest.mark.usefixtures("nietzsche")
def test_windows_are_those_that_the_lecture_prints() -> None:
    data, windows = encoded("nietzsche_8")
    assert len(data.vocabulary) == 85
    assert data.vocabulary.characters[0] == "\0"
    assert data.ids[:10].tolist() == [40, 42, 29, 30, 25, 27, 29, 1, 1, 1]
    assert len(data.ids) == 600_893
    assert len(windows) == 600_885
    assert windows[:4, :8].tolist() == AT_STRIDE_1
    assert windows[:4, 8].tolist() == AFTER_EACH
    _, windows = encoded("nietzsche_8_seq")
    assert len(windows) == 75_111
    assert windows[:4, :-1].tolist() == AT_STRIDE_8
    assert windows[:4, 1:].tolist() == SHIFTED_BY_ONE
    _, windows = encoded("nietzsche_3")
    assert windows[:4, :3].T.tolist() == [[40, 30, 29, 1], [42, 25, 1, 43], [29, 27, 1, 45]]
