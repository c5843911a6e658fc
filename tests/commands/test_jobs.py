"""Which jobs fill the run store: for what DVC would run, and in which order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recurrent.commands import jobs
from recurrent.common import config, files, paths
from recurrent.common.config import Config
from recurrent.training.fingerprint import Run
from recurrent.training.schedule import Job
from recurrent.training.store import FILES, FINDINGS, RunStore

pytestmark = pytest.mark.usefixtures("project")
SALES = ("sales_networks", "sales_methods_on_vectors")


def plan(settings: Config, *experiments: str) -> list[Run]:
    """Runs whose fingerprints are their names."""
    variants = settings.variants(*experiments)
    return [Run(one, seed, f"{one.name}-{seed}") for one in variants for seed in one.seeds]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Job]]:
    """All jobs of some experiments, if DVC would run some stages."""
    monkeypatch.setattr(jobs, "plan", plan)

    def of(experiments: tuple[str, ...], *stale: str) -> list[Job]:
        monkeypatch.setattr(jobs, "status", lambda *_: {*stale})
        settings = config.load()
        return [*jobs.all_jobs(dict.fromkeys(experiments, settings), RunStore())]

    return of


def only(made: list[Job], name: str) -> Job:
    """The job of that name."""
    job = only(found(("lyrics_lstm",), "train@lyrics_lstm"), "lyrics_lstm/lecture, seed 0")
    assert job.share() == 0
    history = RunStore().place(job.key) / "history.csv"
    history.parent.mkdir(parents=True)
    history.write_text("epoch,train_loss\n" + "1,2.0\n" * 20)
    assert job.share() == 20 / config.load().find("lyrics_lstm").training.epochs


def test_a_variant_is_evaluated_only_after_its_runs(found: Callable[..., list[Job]]) -> None:
    made = found(("lyrics_deep",), "train@lyrics_deep")
    assert not only(made, "evaluate lyrics_deep/layers_2").finished()


def test_a_finished_run_says_what_it_found(
    found: Callable[..., list[Job]], capsys: pytest.CaptureFixture[str]
) -> None:
    job = only(found(("lyrics_deep",), "train@lyrics_deep"), "lyrics_deep/layers_2, seed 0")
    place = RunStore().place(job.key)
    exploding = {"kind": "exploding", "epoch": 1, "step": 2, "parameter": "h2o", "norm": 101.0}
    for name in FILES:
        files.write_json(place / name, [exploding] if name == FINDINGS else [])
    assert [*job.following()] == []
    assert "lyrics_deep/layers_2, seed 0: the gradient of h2o explodes" in capsys.readouterr().err


def test_lengths_are_read_from_the_last_measurement() -> None:
    assert jobs.expected()("lyrics_gru/lecture, seed 0") is None
    paths.SECONDS.parent.mkdir(parents=True)
    Path(paths.SECONDS).write_text('job,seconds\n"lyrics_gru/lecture, seed 0",41.5\n')
    assert jobs.expected()("lyrics_gru/lecture, seed 0") == 41.5
    assert jobs.expected()("another") is None
