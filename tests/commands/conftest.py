import pytest

from tests.commands.workspace import Workspace
from tests.project import Project


@pytest.fixture
def workspace(project: Project, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A small project under git and DVC."""
    return Workspace(project, monkeypatch)
