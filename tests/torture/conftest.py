"""`pytest tests/torture` breaks things a little; with `--long`, at length, and writes it down."""

from collections.abc import Callable, Generator, Iterator

import pytest

from tests.project import ROOT
from tests.torture.ledger import Ledger, Promise

LEDGER = pytest.StashKey[Ledger]()
PASSED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEDGER] = Ledger()
    config.addinivalue_line("markers", "long: takes minutes, and runs with --long alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    kept = [item for item in items if item.get_closest_marker("long") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None]:
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.stash[PASSED] = report.passed


def pytest_sessionfinish(session: pytest.Session) -> None:
    promises = session.config.stash[LEDGER].promises
    if session.config.getoption("--long") and promises:
        session.config.stash[LEDGER].write(ROOT / "metrics/reliability.md")


@pytest.fixture
def many(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """The first of two numbers in `make test`, the second in `make torture`."""
    long = bool(request.config.getoption("--long"))
    return lambda few, many: many if long else few


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], Promise]]:
    """A line of the ledger; kept if the test holds, said to be broken if it does not."""
    mine: list[Promise] = []

    def promised(text: str, fault: str) -> Promise:
        mine.append(Promise(text, fault))
        return mine[-1]

    yield promised
    for one in mine:
        one.result = "kept" if request.node.stash.get(PASSED, False) else "BROKEN"
    request.config.stash[LEDGER].promises += mine
