"""Real servers, real databases: killed, forgetful, shared; MLflow ends with each training once."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.reliability import tracked, trackers, trainings
from tests.reliability.ledger import Promise
from tests.reliability.tracked import EXPERIMENT, Pair
from tests.reliability.trackers import MlflowServer, Postgres

Promised = Callable[[str, str], Promise]
pytestmark = pytest.mark.long
EPOCHS = 150  # enough for a server to die in the midst of them


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MlflowServer]:
    """A real one on SQLite."""
    with MlflowServer(tmp_path, f"sqlite:///{tmp_path / 'server.db'}") as running:
        yield running


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


def wait_for_points(uri: str, wanted: int) -> None:
    """Until some run has so many epochs of its first seed."""
    client, deadline = MlflowClient(uri), time.monotonic() + 180
    while time.monotonic() < deadline:
        for run in tracked.all_runs(client):
            if run.data.metrics.get("seed_0/train_loss") is not None:
                history = client.get_metric_history(run.info.run_id, "seed_0/train_loss")
                if len(history) >= wanted:
                    return
        time.sleep(0.1)
    raise AssertionError("MLflow was told nothing")


def train_and_break(pair: Pair, uri: str, broken: Callable[[], None], after: int) -> None:
    """Train both; in the midst of the second the tracker breaks."""
    alone = pair.train_untracked()
    started = time.monotonic()
    process = trainings.start(
        pair.tracked, "stages.train", EXPERIMENT, environment=tracked.where(uri)
    )
    wait_for_points(uri, after)
    broken()
    assert process.poll() is None, "the training must not have ended before its tracker"
    said, _ = process.communicate()
    assert process.returncode == 0, said
    pair.compare(alone, time.monotonic() - started, said)


def test_a_server_that_is_killed_in_mid_run(
    server: MlflowServer, tmp_path: Path, promise: Promised
) -> None:
    kept = promise(
        "A tracker that fails costs one warning; the results are the same bytes, and "
        "publishing restores the whole history, once",
        "mlflow server, kill -9 at a random epoch",
    )
    draw, seconds = random.Random(0), []
    while kept.injected < 3:
        pair = Pair(tmp_path / str(kept.injected), EPOCHS, rate=0.01 + kept.injected / 1000)
        train_and_break(pair, server.url, server.kill, draw.randint(1, 40))
        kept.injected += 1
        server.start()
        kept.lost += tracked.lost_after_publishing(pair.tracked, server.url)
        seconds += pair.seconds
    pair.seconds = seconds
    kept.found = pair.times()
    assert not kept.lost


def test_an_answer_that_is_lost_makes_no_second_run(
    server: MlflowServer, tmp_path: Path, promise: Promised
) -> None:
    kept = promise(
        "A call that was done although its answer was lost is not done twice",
        "a proxy before mlflow server loses answers",
    )
    for path in ("experiments/create", "runs/create", "runs/log-batch", "runs/set-tag"):
        project = tracked.prepared(tmp_path / path, epochs=20, rate=0.01 + kept.injected / 1000)
        with trackers.forgetful(server.port, {path: 1}) as url:
            tracked.train(project.folder, url)
        kept.injected += 1
        kept.lost += tracked.lost_after_publishing(project.folder, server.url)
    assert not kept.lost


def test_two_projects_on_one_server_do_not_mix(
    server: MlflowServer, tmp_path: Path, promise: Promised
) -> None:
    kept = promise(
        "Projects that train at one time on one server have a run each, with their own curves",
        "two folders, two rates, the same experiment",
    )
    rates = {"slow": 0.005, "fast": 0.02}
    folders = [tracked.prepared(tmp_path / n, epochs=60, rate=r).folder for n, r in rates.items()]
    while kept.injected < 2:
        processes = [
            trainings.start(f, "stages.train", EXPERIMENT, environment=tracked.where(server.url))
            for f in folders
        ]
        said = [process.communicate()[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0], said
        kept.injected += 1
        client = MlflowClient(server.url)
        assert len(tracked.all_runs(client)) == 2
        for folder in folders:  # as they were followed; what lags behind is published later
            tracked.missing(tracked.curves(client, folder), folder)
    kept.lost = sum(tracked.lost_after_publishing(folder, server.url) for folder in folders)
    assert not kept.lost


def test_postgres_that_dies_in_mid_run(
    postgres: Postgres, tmp_path: Path, promise: Promised
) -> None:
    kept = promise(
        "A tracker that fails costs one warning; the results are the same bytes, and "
        "publishing restores the whole history, once",
        "PostgreSQL as the store, stopped at once at a random epoch",
    )
    MlflowClient(postgres.uri()).search_experiments()  # its first use takes a while
    pair = Pair(tmp_path, EPOCHS)
    train_and_break(pair, postgres.uri(), postgres.stop, after=5)
    kept.injected = 1
    postgres.start()
    kept.lost = tracked.lost_after_publishing(pair.tracked, postgres.uri())
    kept.found = pair.times()
    assert not kept.lost


def test_postgres_directly_and_behind_a_server(
    postgres: Postgres, tmp_path: Path, promise: Promised
) -> None:
    kept = promise(
        "MLflow's store may be PostgreSQL, directly or behind a server",
        "a training whose first use of it is cut short, then one by mlflow server",
    )
    direct = tracked.prepared(tmp_path / "direct", epochs=20).folder
    tracked.train(direct, postgres.uri())
    kept.lost = tracked.lost_after_publishing(direct, postgres.uri())
    with MlflowServer(tmp_path, postgres.uri()) as server:
        behind = tracked.prepared(tmp_path / "behind", epochs=20, rate=0.02).folder
        tracked.train(behind, server.url)
        kept.lost += tracked.lost_after_publishing(behind, server.url)
    kept.injected = 2
    assert len(tracked.all_runs(MlflowClient(postgres.uri()))) == 2
    assert not kept.lost
