from pathlib import Path

import pytest

from recurrent.report import page
from recurrent.report.inputs import Inputs, load
from recurrent.report.views import Section
from tests.report import example

NEEDED = (("bundled", "lectures"), ("bundled", "beyond"), ("upstream", "lectures"))
Documents = dict[tuple[str, str], tuple[Inputs, list[Section]]]


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example on both kinds of corpora; tests only read it."""
    return {
        source: example.project(tmp_path_factory.mktemp(source), source)
        for source in ("bundled", "upstream")
    }


@pytest.fixture(scope="session")
def documents(projects: dict[str, Path]) -> Documents:
    """Inputs and sections of the examples' reports, by source and pipeline."""
    found = {}
    for source, pipeline in NEEDED:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(projects[source])
            inputs = load(pipeline)
            found[source, pipeline] = inputs, page.document(inputs)
    return found


@pytest.fixture
def bundled(projects: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The example on bundled corpora, entered."""
    monkeypatch.chdir(projects["bundled"])


@pytest.fixture
def upstream(projects: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The example on the lectures' own corpora, entered."""
    monkeypatch.chdir(projects["upstream"])
