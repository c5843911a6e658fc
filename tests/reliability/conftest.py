"""The fault injection: a little of it by default; with `--long` all of it, and a page."""

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.project import ROOT
from tests.reliability import runs
from tests.reliability.ledger import Ledger, Promise

LEDGER = pytest.StashKey[Ledger]()
OUTCOME = pytest.StashKey[str]()
TRIED, LEFT_OUT = pytest.StashKey[int](), pytest.StashKey[int]()  # tests of a session
HERE = ROOT / "tests/reliability"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEDGER], config.stash[TRIED], config.stash[LEFT_OUT] = Ledger(), 0, 0
    config.addinivalue_line("markers", "long: takes minutes, and runs with --long alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    kept = [item for item in items if item.get_closest_marker("long") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        item.config.stash[LEFT_OUT] += 1


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None]:
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.stash[OUTCOME] = report.outcome
        item.config.stash[TRIED] += not report.skipped


def pytest_sessionfinish(session: pytest.Session) -> None:
    config, ledger = session.config, session.config.stash[LEDGER]
    if config.getoption("--long") and ledger.promises:
        asked = [config.rootpath / place for place in config.args] == [HERE]
        tried = config.stash[TRIED] == session.testscollected and not config.stash[LEFT_OUT]
        ledger.write(ROOT / "metrics/reliability.md", whole=asked and tried)


@pytest.fixture
def many(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """The first of two numbers in `make test`, the second in `make torture`."""
    long = bool(request.config.getoption("--long"))
    return lambda few, many: many if long else few


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], Promise]]:
    """A line of the ledger: kept, broken, or none of a test that this machine cannot run."""
    mine: list[Promise] = []

    def promised(text: str, fault: str) -> Promise:
        mine.append(Promise(text, fault))
        return mine[-1]

    yield promised
    outcome = request.node.stash.get(OUTCOME, "failed")
    if outcome == "skipped":
        return
    for one in mine:
        one.result = "kept" if outcome == "passed" else "BROKEN"
    request.config.stash[LEDGER].promises += mine


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What `python -m stages.train writing` leaves when nothing goes wrong."""
    folder = runs.prepare(tmp_path_factory.mktemp("undisturbed"))
    command = [sys.executable, "-m", "stages.train", "writing"]
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    return runs.results(folder)
