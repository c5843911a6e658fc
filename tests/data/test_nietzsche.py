"""Lesson six prints what it reads of Nietzsche: the same numbers, from the lectures' own file."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recurrent import config as params
from recurrent import files, paths
from recurrent.data.fetch import MIRROR_VARIABLE
from recurrent.data.text import encode as running_text
from recurrent.data.text.dataset import RunningText
from stages import clean, download
from tests.project import Project

AT_STRIDE_1 = [
    [40, 42, 29, 30, 25, 27, 29, 1],
    [42, 29, 30, 25, 27, 29, 1, 1],
    [29, 30, 25, 27, 29, 1, 1, 1],
    [30, 25, 27, 29, 1, 1, 1, 43],
    [25, 27, 29, 1, 1, 1, 43, 45],
    [27, 29, 1, 1, 1, 43, 45, 40],
    [29, 1, 1, 1, 43, 45, 40, 40],
    [1, 1, 1, 43, 45, 40, 40, 39],
]
AFTER_EACH = [1, 1, 43, 45, 40, 40, 39, 43]
AT_STRIDE_8 = [
    [40, 42, 29, 30, 25, 27, 29, 1],
    [1, 1, 43, 45, 40, 40, 39, 43],
    [33, 38, 31, 2, 73, 61, 54, 73],
    [2, 44, 71, 74, 73, 61, 2, 62],
    [72, 2, 54, 2, 76, 68, 66, 54],
    [67, 9, 9, 76, 61, 54, 73, 2],
    [73, 61, 58, 67, 24, 2, 33, 72],
    [2, 73, 61, 58, 71, 58, 2, 67],
]
SHIFTED_BY_ONE = [
    [42, 29, 30, 25, 27, 29, 1, 1],
    [1, 43, 45, 40, 40, 39, 43, 33],
    [38, 31, 2, 73, 61, 54, 73, 2],
    [44, 71, 74, 73, 61, 2, 62, 72],
    [2, 54, 2, 76, 68, 66, 54, 67],
    [9, 9, 76, 61, 54, 73, 2, 73],
    [61, 58, 67, 24, 2, 33, 72, 2],
    [73, 61, 58, 71, 58, 2, 67, 68],
]


@pytest.fixture
def nietzsche(project: Project, mirror: Path) -> None:
    """The lectures' file, downloaded and cleaned."""
    project.edit({"source": "upstream"})
    settings = params.load()
    name = download.describe(settings, "prose", settings.corpora["prose"])["name"]
    if not (mirror / name).is_file():
        pytest.skip(f"{MIRROR_VARIABLE} holds no {name}")
    download.main("prose")
    clean.main("prose")
    origin = files.read_json(paths.clean("prose") / "origin.json")
    assert origin["source"] == "upstream"


def encoded(dataset: str) -> tuple[RunningText, NDArray[np.uint16]]:
    """A dataset by the parameters that it has here, and its windows with their last targets."""
    chosen = params.load().datasets[dataset]
    settings = running_text.Settings.model_validate(chosen.settings)
    data, _ = running_text.encode(paths.clean(chosen.corpus), settings)
    begins = np.sort(np.concatenate([*data.begins.values()]))
    windows = data.ids[begins[:, None] + np.arange(data.steps + 1)]
    return data, windows


@pytest.mark.usefixtures("nietzsche")
class TestNietzsche:
    def test_the_vocabulary_and_the_first_characters(self) -> None:
        data, _ = encoded("nietzsche_8")
        assert len(data.vocabulary) == 85
        assert data.vocabulary.characters[0] == "\0"
        assert data.ids[:10].tolist() == [40, 42, 29, 30, 25, 27, 29, 1, 1, 1]
        assert len(data.ids) == 600_893

    def test_eight_characters_and_the_ninth(self) -> None:
        _, windows = encoded("nietzsche_8")
        assert len(windows) == 600_885
        assert windows[:8, :8].tolist() == AT_STRIDE_1
        assert windows[:8, 8].tolist() == AFTER_EACH

    def test_eight_characters_and_the_eight_one_further_on(self) -> None:
        _, windows = encoded("nietzsche_8_seq")
        assert len(windows) == 75_111
        assert windows[:8, :-1].tolist() == AT_STRIDE_8
        assert windows[:8, 1:].tolist() == SHIFTED_BY_ONE

    def test_three_characters_as_three_inputs(self) -> None:
        _, windows = encoded("nietzsche_3")
        assert windows[:4, :3].T.tolist() == [[40, 30, 29, 1], [42, 25, 1, 43], [29, 27, 1, 45]]
