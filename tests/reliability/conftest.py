"""Fault injection: a little of it by default; with `--long` all of it, and a page of results."""

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.project import ROOT
from tests.reliability import runs
from tests.reliability.ledger import Many, Promise, Promised, page, updated

PROMISES = pytest.StashKey[list[Promise]]()
OUTCOME = pytest.StashKey[str]()
PAGE = ROOT / "metrics/reliability.md"
HERE = ROOT / "tests/reliability"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PROMISES] = []
    config.addinivalue_line("markers", "long: takes a minute or more, and runs with --long only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[OUTCOME] = report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page after `pytest tests/reliability --long`; after a part of it, its rows."""
    config = session.config
    promises = config.stash[PROMISES]
    if not (config.getoption("--long") and promises):
        return
    everything = [Path(place).resolve() for place in config.args] == [HERE]
    if everything and not config.getoption("keyword"):
        PAGE.write_text(page(promises), encoding="utf-8")
    else:
        PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), promises), encoding="utf-8")


@pytest.fixture
def many(request: pytest.FixtureRequest) -> Many:
    """Choose between two numbers: the first by default, the second with `--long`."""
    long = bool(request.config.getoption("--long"))
    return lambda few, many: many if long else few


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Iterator[Promised]:
    """Make promises. They go to the page unless the test is skipped."""
    made: list[Promise] = []

    def make(text: str, fault: str) -> Promise:
        made.append(Promise(text, fault))
        return made[-1]

    yield make
    outcome = request.node.stash.get(OUTCOME, "failed")
    for one in made:
        one.passed = outcome == "passed"
    if outcome != "skipped":
        request.config.stash[PROMISES].extend(made)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what `python -m stages.train writing` leaves when nothing goes wrong."""
    folder = runs.prepare(tmp_path_factory.mktemp("peace") / "project")
    command = [sys.executable, "-m", "stages.train", "writing"]
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    return runs.results(folder)
