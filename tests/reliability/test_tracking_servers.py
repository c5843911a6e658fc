"""A real `mlflow server` is killed, and loses answers; in the end it has each run once."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.reliability import tracked, trackers
from tests.reliability.ledger import Promise
from tests.reliability.trackers import MlflowServer

Promised = Callable[[str, str], Promise]
pytestmark = pytest.mark.long


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MlflowServer]:
    with MlflowServer(tmp_path) as running:
        yield running


def test_a_server_that_is_killed(server: MlflowServer, tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "A failing tracker costs less than a minute and one warning; publishing again adds what "
        "is missing, once",
        "mlflow server, kill -9 while a run is logged",
    )
    draw = random.Random(0)
    while kept.injected < 3:
        name = str(kept.injected) * 64
        project = tracked.prepare(tmp_path / name[0], name, epochs=4000)
        process = tracked.start(project, server.url, name)
        wait_for_run(server.url, name)
        time.sleep(draw.uniform(0, 0.5))
        server.kill()
        said, _ = process.communicate(timeout=tracked.PATIENCE_S)
        assert process.returncode == 0, said
        tracked.assert_one_warning(said)
        kept.injected += 1
        server.start()
        kept.lost += tracked.lost_after_publishing(project, server.url, name)
    assert not kept.lost


def wait_for_run(uri: str, fingerprint: str) -> None:
    """Wait until MLflow has created the run."""
    client, deadline = MlflowClient(uri), time.monotonic() + tracked.PATIENCE_S
    while time.monotonic() < deadline:
        if any(run.data.tags["fingerprint"] == fingerprint for run in tracked.all_runs(client)):
            return
        time.sleep(0.05)
    raise AssertionError("no run was logged")


def test_an_answer_that_is_lost_makes_no_second_run(
    server: MlflowServer, tmp_path: Path, promise: Promised
) -> None:
    kept = promise(
        "A request that was served although its answer was lost is not served twice",
        "a proxy before mlflow server loses answers",
    )
    lost = ("experiments/create", "runs/create", "runs/log-batch", "runs/set-tag", "logged-models")
    for path in lost:
        name = str(kept.injected) * 64
        project = tracked.prepare(tmp_path / name[0], name)
        with trackers.forgetful(server.port, {path: 1}) as url:
            tracked.publish(project, url, name)
        kept.injected += 1
        kept.lost += tracked.lost_after_publishing(project, server.url, name)
    assert not kept.lost
