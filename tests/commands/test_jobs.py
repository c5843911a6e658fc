"""The jobs that `recurrent repro` plans, and their order."""

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
        monkeypatch.setattr(jobs, "find_stale_stages", lambda *_: {*stale})
        settings = config.load()
        return [*jobs.plan_jobs(dict.fromkeys(experiments, settings), RunStore())]

    return of


def only(made: list[Job], name: str) -> Job:
    """The job of that name."""
    (job,) = (one for one in made if one.name == name)
    return job


def test_each_run_is_trained_and_each_variant_evaluated_after_its_runs(
    found: Callable[..., list[Job]],
) -> None:
    names = {job.name: job for job in found(("names_gated",), "train@names_gated")}
    settings = config.load()
    assert len(names) == sum(len(one.seeds) + 1 for one in settings.variants("names_gated"))
    evaluation = names["evaluate names_gated/gru"]
    assert evaluation.depends_on == {
        names[f"names_gated/gru, seed {seed}"].key for seed in (0, 1, 2)
    }


def test_without_a_change_there_are_no_jobs(found: Callable[..., list[Job]]) -> None:
    assert found(("names_gated", *SALES)) == []
    assert found(("names_gated",), "train@lyrics_gru", "report") == []


def test_the_jobs_on_a_changed_corpus_follow_its_encoding(
    found: Callable[..., list[Job]],
) -> None:
    changed = ("encode@lyrics_lecture", "train@names_gated")
    made = found(("lyrics_gru", "names_gated"), *changed)
    data = only(made, "data lyrics")
    assert data.here and not data.finished()
    others = {job.name.partition("/")[0] for job in made if job is not data}
    assert others == {"names_gated", "evaluate names_gated"}
    following = {job.name for job in data.next_jobs({"train@lyrics_gru"})}
    assert "lyrics_gru/lecture, seed 0" in following


@pytest.mark.parametrize("changed", ["train@sales_networks", "embed@sales_vectors"])
def test_runs_on_a_networks_vectors_follow_the_stage_that_makes_them(
    changed: str, found: Callable[..., list[Job]]
) -> None:
    made = found(SALES, changed)
    embed = only(made, "embed sales_vectors")
    assert embed.depends_on == {job.key for job in made if job.name.startswith("sales_networks/")}
    assert not any(job.name.startswith("sales_methods_on_vectors") for job in made)
    following = {job.name for job in embed.next_jobs({"train@sales_methods_on_vectors"})}
    assert "sales_methods_on_vectors/forest, seed 0" in following
    assert [*embed.next_jobs(set())] == []


def test_unchanged_vectors_are_not_made_again(found: Callable[..., list[Job]]) -> None:
    names = {job.name for job in found(SALES, "train@sales_methods_on_vectors")}
    assert "sales_methods_on_vectors/forest, seed 0" in names
    assert "embed sales_vectors" not in names


def test_a_stale_evaluation_trains_nothing(found: Callable[..., list[Job]]) -> None:
    made = found(("names_gated", *SALES), "evaluate@names_gated", "evaluate@sales_networks")
    variants = [*config.load().variants("names_gated", "sales_networks")]
    assert {job.name for job in made} == {f"evaluate {variant.name}" for variant in variants}
    assert not any(job.depends_on for job in made)


def test_a_run_is_done_as_far_as_its_history_says(found: Callable[..., list[Job]]) -> None:
    job = only(found(("lyrics_lstm",), "train@lyrics_lstm"), "lyrics_lstm/lecture, seed 0")
    assert job.progress() == 0
    history = RunStore().place(job.key) / "history.csv"
    history.parent.mkdir(parents=True)
    history.write_text("epoch,train_loss\n" + "1,2.0\n" * 20)
    assert job.progress() == 20 / config.load().find("lyrics_lstm").training.epochs


def test_a_finished_run_says_what_it_found(
    found: Callable[..., list[Job]], capsys: pytest.CaptureFixture[str]
) -> None:
    job = only(found(("lyrics_deep",), "train@lyrics_deep"), "lyrics_deep/layers_2, seed 0")
    place = RunStore().place(job.key)
    exploding = {"kind": "exploding", "epoch": 1, "step": 2, "parameter": "h2o", "norm": 101.0}
    for name in FILES:
        files.write_json(place / name, [exploding] if name == FINDINGS else [])
    assert [*job.next_jobs(None)] == [] and capsys.readouterr().err == "", "it was known before"
    assert [*job.next_jobs(True)] == []
    assert "lyrics_deep/layers_2, seed 0: the gradient of h2o explodes" in capsys.readouterr().err


def test_lengths_are_read_from_the_last_measurement() -> None:
    assert jobs.load_durations()("lyrics_gru/lecture, seed 0") is None
    paths.SECONDS.parent.mkdir(parents=True)
    Path(paths.SECONDS).write_text('job,seconds\n"lyrics_gru/lecture, seed 0",41.5\n')
    assert jobs.load_durations()("lyrics_gru/lecture, seed 0") == 41.5
    assert jobs.load_durations()("another") is None
