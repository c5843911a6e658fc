import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

from recurrent.data.fetch import MIRROR_VARIABLE
from recurrent.training.determinism import STRICT
from tests.project import Project
from tests.server import Server

# There are as many workers as cores, each with its own threads, so threads must not busy-wait.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before anything imports PyTorch

# What strict mode sets, before the first computation of this process.
os.environ |= STRICT

# A slow machine must not fail a test, and a failure must be reproducible.
settings.register_profile("tests", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="fault injection at length: make torture")


# These take minutes each: start them first, so that the other worker can do the rest meanwhile.
LONGEST = ("test_repro.py", "test_replicate.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


MIRROR = os.environ.get(MIRROR_VARIABLE, "")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A folder with the real parameters, entered; no mirror is set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    return Project.copied_to(tmp_path)


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the examples of property tests, each overwriting the last."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(autouse=True)
def subnormal_numbers() -> Iterator[None]:
    """Switch subnormal numbers on again, for Hypothesis: a stage may have switched them off."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.fixture
def restored_torch() -> Iterator[None]:
    """Restore what a stage sets for the whole process, as far as the libraries allow."""
    import torch

    from recurrent.training import openblas

    environment = dict(os.environ)
    threads, deterministic = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    yield
    os.environ.clear()
    os.environ.update(environment)
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode(deterministic)
    openblas.use(strict=False)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A web server on loopback, reached without any proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        yield running


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that pooch would have slept between retries."""
    slept: list[float] = []
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=slept.append))
    return slept


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the real corpora, set as the mirror; the test is skipped without one."""
    if not MIRROR:
        pytest.skip(f"needs the real corpora: {MIRROR_VARIABLE}=FOLDER pytest tests")
    folder = Path(MIRROR).expanduser().resolve()
    monkeypatch.setenv(MIRROR_VARIABLE, str(folder))
    return folder
