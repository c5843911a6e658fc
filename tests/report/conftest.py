from pathlib import Path

import pytest

from tests.report import example


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example on both kinds of corpora; tests only read it."""
    return {
        source: example.project(tmp_path_factory.mktemp(source), source)
        for source in ("bundled", "upstream")
    }


@pytest.fixture
def bundled(projects: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The example on bundled corpora, entered."""
    monkeypatch.chdir(projects["bundled"])


@pytest.fixture
def upstream(projects: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The example on the lectures' own corpora, entered."""
    monkeypatch.chdir(projects["upstream"])
